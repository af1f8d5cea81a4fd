import KafkaBroker
import KafkaWire
import PageServing

/// What the page asks a broker for.
package protocol ShownBroker: Sendable {
    var bootstrapServers: String { get }
    var topics: [KafkaBroker.TopicInfo] { get async }
    func groups(limit: Int) async -> (first: [KafkaBroker.GroupInfo], count: Int)
    func transactions(limit: Int) async -> (first: [KafkaBroker.TransactionInfo], count: Int)
    func batches(topic: String, partition: PartitionID, from offset: Offset, maxBytes: Int) async -> [RecordBatch]
}

extension KafkaBroker: ShownBroker {}

/// The page's way from bytes to an answer, without sockets, for the fuzzer.
package enum OfflinePage {
    /// An answer: its status, its type and its body.
    package struct Answer: Sendable {
        package var status: Int
        package var type: String
        package var body: String
        /// How many bytes it has on its way.
        package var size: Int
    }

    /// What the page answers to a head that arrives in `pieces`; nil where it never becomes whole.
    package static func answer(_ pieces: [[UInt8]], of broker: any ShownBroker) async -> Answer? {
        var head = PageRequestHead()
        for piece in pieces {
            switch piece.withUnsafeBytes({ head.take($0) }) {
            case .incomplete: continue
            case .refused(let answer): return Answer(answer)
            case .whole(let request): return Answer(await BrokerPages(api: BrokerAPI(broker: broker)).answer(request))
            }
        }
        return nil
    }
}

extension OfflinePage.Answer {
    fileprivate init(_ answer: PageAnswer) {
        self.init(status: answer.status, type: answer.type, body: answer.body, size: answer.bytes.count)
    }
}

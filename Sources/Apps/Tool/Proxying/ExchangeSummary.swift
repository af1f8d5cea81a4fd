import KafkaBroker
import KafkaWire

/// What the bytes of an exchange say, as far as they were kept and can be read.
package struct ExchangeSummary: Sendable {
    /// The error codes of the answer, each once.
    package private(set) var errors: [ErrorCode] = []
    /// The names of the topics that request or answer speak of.
    package private(set) var topics: Set<String> = []
    /// The record batches that the request carries, then those of the answer.
    package private(set) var batches: [BatchSummary] = []

    /// How much is wanted.
    package struct Wish: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let errors = Wish(rawValue: 1)
        package static let topics = Wish(rawValue: 2)
        package static let batches = Wish(rawValue: 4)
    }

    package init(_ exchange: Exchange, _ wish: Wish, _ names: inout TopicNames) {
        errors = exchange.errors ?? []
        guard let api = API.of(exchange.head.api) else { return }
        let version = exchange.head.version
        let wantsContents = !wish.isDisjoint(with: [.topics, .batches])
        if wantsContents, let bytes = exchange.request, bytes.count > 4,
            let (_, body) = try? Frame.decodeRequestHeader(bytes[4..<bytes.count])
        {
            read(api.request, body, version, [.topics, .batches], names)
        }
        guard let bytes = exchange.answer, bytes.count > 4 else { return }
        let frame = bytes[4..<bytes.count]
        let header = ResponseHeader.version(for: api.response, version)
        guard let (_, size) = try? ResponseHeader.decodePrefix(frame, version: header) else { return }
        let body = frame[size..<frame.count]
        if api.key == .metadata, wantsContents { names.learn(body, version) }
        if !read(api.response, body, version, wish, names), api.key == .apiVersions {
            // A broker that does not know the version answers in version 0 (KIP-511).
            read(api.response, body, 0, wish, names)
        }
    }

    @discardableResult
    private mutating func read(
        _ type: any WireMessage.Type, _ body: Bytes, _ version: Int16, _ wish: Wish, _ names: TopicNames
    ) -> Bool {
        func read<M: WireMessage>(_ type: M.Type) -> Bool {
            guard let message = try? M.decode(body, version: version) else { return false }
            if wish.contains(.errors) { errors = ErrorCodes.of(message, version: version) }
            guard !wish.isDisjoint(with: [.topics, .batches]) else { return true }
            let contents = MessageContents.of(message, version: version)
            topics.formUnion(contents.topics)
            topics.formUnion(contents.ids.compactMap { names[$0] })
            if wish.contains(.batches) {
                batches += contents.records.map { entry in
                    let topic = entry.topic ?? entry.id.map { names[$0] ?? "\($0)" } ?? "?"
                    return BatchSummary(topic: topic, partition: entry.partition, entry.bytes)
                }
            }
            return true
        }
        return read(type)
    }
}

/// The names of topics by their ids, learned from the answers to Metadata that came by.
package struct TopicNames: Sendable {
    private static let limit = 100_000
    private var names: [Uuid: String] = [:]

    package init() {}

    package subscript(id: Uuid) -> String? { names[id] }

    fileprivate mutating func learn(_ body: Bytes, _ version: Int16) {
        guard version >= 10, let answer = try? MetadataResponse.decode(body, version: version) else { return }
        if names.count > Self.limit { names = [:] }
        for topic in answer.topics { if let name = topic.name { names[topic.topicId.rawValue] = name } }
    }
}

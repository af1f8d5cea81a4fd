import Foundation
import JSONLines
import KafkaOIDC
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The address that alerts are posted to.
struct Webhook: Sendable {
    /// Why an address is none.
    struct Flaw: Error, Equatable {
        var words: String
    }

    /// No more than that of an answer is taken: what a receiver says is in its status.
    private static let answerLimit = 64 << 10

    let url: URL
    let signature: WebhookSignature?
    let timeout: Duration

    init(_ text: String, signature: WebhookSignature?, timeout: Duration) throws(Flaw) {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host?.isEmpty == false
        else { throw Flaw(words: "is no address; it looks like https://alerts.example/hook") }
        guard url.user == nil, url.password == nil else {
            throw Flaw(words: "has a name or a password in it, which would be in every log; use --secret-file")
        }
        self.url = url
        self.signature = signature
        self.timeout = timeout
    }

    /// The address without what may be secret in it.
    var place: String { HTTPAddress.place(of: url) }

    /// Whether what is sent can be read on its way.
    var isOpen: Bool { !HTTPAddress.isSafe(url) }

    /// The body that tells of an alert; nil where the record's value is no JSON object.
    static func body(of record: ConsumerRecord) -> [UInt8]? {
        guard let value = record.record.value?.text, let object = JSON(value), case .object = object else { return nil }
        let moment = Date(timeIntervalSince1970: Double(max(0, record.record.timestamp)) / 1000)
        let time = moment.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        return Array(#"{"type":"fraud.alert","timestamp":"\#(time)","data":\#(value)}"#.utf8)
    }

    /// The id of an alert: the same at each try, and after a restart.
    static func id(of record: ConsumerRecord) -> String {
        "\(record.source.topic)-\(record.source.partition)-\(record.record.offset)"
    }

    /// Posts a body once.
    ///
    /// - Parameter now: Seconds since 1970.
    func post(_ body: [UInt8], id: String, now: Int64) async throws -> DeliveryPolicy.Attempt {
        var request = URLRequest(
            url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout / .seconds(1))
        request.httpMethod = "POST"
        request.httpBody = Data(body)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("KafkaWire-alert-forwarder", forHTTPHeaderField: "User-Agent")
        for (name, value) in try signature?.headers(id: id, time: now, body: body) ?? [("webhook-id", id)] {
            request.setValue(value, forHTTPHeaderField: name)
        }
        do throws(HTTPExchange.Failure) {
            let answer = try await HTTPExchange.perform(request, limit: Self.answerLimit, followsRedirects: false)
            return .answered(answer.status, retryAfter: answer.retryAfter.flatMap { Int($0) })
        } catch {
            switch error {
            case .unreachable(let words): return .unreachable("the receiver cannot be reached: \(words)")
            case .tooLong: return .unreachable("the receiver's answer has no end")
            }
        }
    }
}

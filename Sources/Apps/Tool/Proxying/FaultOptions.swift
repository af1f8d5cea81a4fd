import AppSupport
import KafkaBroker
import KafkaWire

/// Faults as they are written on the command line: `[API][=VALUE][@SHARE%]`, such as `Produce=50ms@10%`.
package struct FaultText: Error, CustomStringConvertible, Sendable {
    package let description: String

    fileprivate init(_ sentence: String) { description = sentence }

    /// `50ms`, `10ms-50ms`, `Produce=50ms@10%`.
    package static func delay(_ text: String) throws(FaultText) -> FaultRule {
        let (body, share) = try shared(text)
        let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let api = parts.count == 2 ? try self.api(parts[0]) : nil
        let spans = parts[parts.count - 1].split(separator: "-", omittingEmptySubsequences: false).map {
            TimeSpan(String($0))?.duration
        }
        guard (1...2).contains(spans.count), let low = spans[0], let high = spans[spans.count - 1], low <= high else {
            throw FaultText(
                "\"\(text)\" is no delay; write 50ms, 10ms-50ms, or with an API and a share Produce=50ms@10%")
        }
        return FaultRule(.delay(low...high), api: api, perMillion: share)
    }

    /// `Fetch`, `Fetch@5%`, `5%`.
    package static func drop(_ text: String) throws(FaultText) -> FaultRule {
        let (api, share) = try target(text)
        return FaultRule(.drop, api: api, perMillion: share)
    }

    /// The same.
    package static func truncate(_ text: String) throws(FaultText) -> FaultRule {
        let (api, share) = try target(text)
        return FaultRule(.truncate, api: api, perMillion: share)
    }

    /// `Produce=NOT_LEADER_OR_FOLLOWER@10%`.
    package static func error(_ text: String) throws(FaultText) -> FaultRule {
        let (body, share) = try shared(text)
        let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw FaultText(
                "\"\(text)\" is no error; write an API and a code, as in Produce=NOT_LEADER_OR_FOLLOWER@10%")
        }
        let api = try self.api(parts[0])
        guard RefusedRequest.hasAnswer(api) else {
            throw FaultText("it is not known here how an answer to \(parts[0]) says that it failed")
        }
        let name = String(parts[1])
        guard let code = Int16(name).map({ ErrorCode(rawValue: $0) }) ?? ErrorCode.named(name), code != .none else {
            throw FaultText("Kafka has no error \(name)" + question(name, among: ErrorCode.names))
        }
        return FaultRule(.error(code), api: api, perMillion: share)
    }

    /// `10%`, in a million.
    package static func share(_ text: String) throws(FaultText) -> Int {
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) else {
            throw FaultText("\"\(text)\" is no share; write a percentage from 0% to 100%")
        }
        return Int((percent * 10_000).rounded())
    }

    /// `1MB`, `500KB/s`, `1024`: a number of bytes.
    package static func bytes(_ text: String) throws(FaultText) -> Int {
        var body = text.uppercased()
        if body.hasSuffix("/S") { body.removeLast(2) }
        let units: [(String, Double)] = [
            ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1),
            ("", 1),
        ]
        for (unit, scale) in units where body.hasSuffix(unit) {
            guard let number = Double(body.dropLast(unit.count)), number * scale >= 1, number * scale < 1e15 else {
                break
            }
            return Int(number * scale)
        }
        throw FaultText("\"\(text)\" is no number of bytes, such as 4096, 64KB or 1MiB")
    }

    /// An API by its name or number.
    package static func api(_ name: some StringProtocol) throws(FaultText) -> APIKey {
        let name = String(name)
        if let api = API.named(name) { return api.key }
        if let number = Int16(name), let api = API.of(APIKey(rawValue: number)) { return api.key }
        throw FaultText("this build does not know the API \(name)" + question(name, among: API.all.map(\.name)))
    }

    // MARK: - Helpers

    private static func target(_ text: String) throws(FaultText) -> (APIKey?, Int) {
        if text.hasSuffix("%"), !text.contains("@") { return (nil, try share(text)) }
        let (body, share) = try shared(text)
        return (try api(body), share)
    }

    private static func shared(_ text: String) throws(FaultText) -> (Substring, Int) {
        guard let at = text.lastIndex(of: "@") else { return (text[...], 1_000_000) }
        return (text[..<at], try share(String(text[text.index(after: at)...])))
    }

    private static func question(_ name: String, among names: [String]) -> String {
        let near = NearestName.suggestions(for: name, among: names)
        return near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    }
}

import KafkaWire

/// Where two answers to the same request differ, field by field. What must differ from one run to the next (times,
/// made-up ids, offsets, addresses) is told apart.
package struct AnswerComparison: Sendable {
    /// A field that differs.
    package struct Difference: Equatable, Sendable {
        /// Where it stands: `responses[0].partitionResponses[0].errorCode`.
        package var path: String
        package var recorded: String
        package var now: String
        /// The kind of fields of which it is, where those must differ; nil where it should be the same.
        package var kind: Kind?

        package init(path: String, recorded: String, now: String, kind: Kind?) {
            self.path = path
            self.recorded = recorded
            self.now = now
            self.kind = kind
        }
    }

    /// Fields that differ from run to run.
    package enum Kind: String, CaseIterable, Sendable {
        case times
        case ids
        case offsets
        case addresses
        case epochs
        case records
    }

    package private(set) var differences: [Difference] = []
    /// Why they could not be compared field by field; nil where they could.
    package private(set) var trouble: String?

    /// Whether nothing differs but what may.
    package var isSame: Bool { trouble == nil && differences.allSatisfy { $0.kind != nil } }

    /// The fields whose values are not shown.
    private var secrets: Set<String> = []

    /// More than that nobody reads.
    private static let limit = 100

    /// Compares two frames, size included, that answer a request of that head. Kinds outside `ignored`, and fields whose
    /// name is not in `ignoredFields`, count.
    package init(
        _ recorded: Bytes, _ now: Bytes, head: RequestHead, ignored: Set<Kind>, ignoredFields: Set<String> = []
    ) {
        // The correlation id is that of the request, the same in both.
        if recorded == now { return }
        guard let api = API.of(head.api) else {
            trouble = "answers of an API that this build does not know differ: \(recorded.count) and \(now.count) bytes"
            return
        }
        do throws(WireError) {
            let first = try Self.values(recorded, api.response, head)
            let second = try Self.values(now, api.response, head)
            secrets = api.response.sensitiveFields
            compare(first, second, at: "", name: "", ignored, ignoredFields)
        } catch { trouble = "they cannot be read: \(error)" }
    }

    private static func values(
        _ frame: Bytes, _ type: any WireMessage.Type, _ head: RequestHead
    ) throws(WireError) -> WireValue {
        func read<M: WireMessage>(_ type: M.Type, _ version: Int16) throws(WireError) -> WireValue {
            try Frame.decodeResponse(type, frame[min(4, frame.count)..<frame.count], version: version)
                .values(version: version)
        }
        do throws(WireError) { return try read(type, head.version) } catch {
            // A broker that does not know the version answers in version 0 (KIP-511).
            guard head.api == .apiVersions else { throw error }
            return try read(type, 0)
        }
    }

    private mutating func compare(
        _ a: WireValue, _ b: WireValue, at path: String, name: String, _ ignored: Set<Kind>, _ names: Set<String>
    ) {
        if a == b || differences.count >= Self.limit || names.contains(name) { return }
        switch (a, b) {
        case (.object(let x), .object(let y)) where x.map(\.name) == y.map(\.name):
            for (one, other) in zip(x, y) {
                let inside = path.isEmpty ? one.name : "\(path).\(one.name)"
                if one.value != other.value, isSecret(one.name, in: x) || isSecret(one.name, in: y) {
                    differences.append(.init(path: inside, recorded: "hidden", now: "hidden", kind: nil))
                    continue
                }
                compare(one.value, other.value, at: inside, name: one.name, ignored, names)
            }
        case (.array(let x), .array(let y)) where x.count == y.count:
            for (index, pair) in zip(x, y).enumerated() {
                compare(pair.0, pair.1, at: "\(path)[\(index)]", name: name, ignored, names)
            }
        case (.bytes(let x), .bytes(let y)) where name == "records":
            // Offsets and times are in the batches; how many records there are is not a matter of when.
            let (before, after) = (Self.records(x), Self.records(y))
            let kind: Kind? = before == after && ignored.contains(.records) ? .records : nil
            differences.append(.init(path: path, recorded: before, now: after, kind: kind))
        default:
            let kind = Self.kind(of: name).flatMap { ignored.contains($0) ? $0 : nil }
            differences.append(.init(path: path, recorded: Self.text(a, name), now: Self.text(b, name), kind: kind))
        }
    }

    /// Whether a field's value is a secret; of a setting that depends on its name.
    private func isSecret(_ field: String, in fields: [(name: String, value: WireValue)]) -> Bool {
        guard secrets.contains(field) else { return false }
        guard case .string(let name)? = fields.first(where: { $0.name == "name" })?.value else { return true }
        return SensitiveSettings.contains(name)
    }

    /// What a field is about, by its name in Kafka's message definitions.
    static func kind(of name: String) -> Kind? {
        let lower = name.lowercased()
        if lower == "records" { return .records }
        if ["host", "port", "rack"].contains(lower) { return .addresses }
        if lower.hasSuffix("epoch") || lower.hasSuffix("generationid") { return .epochs }
        if lower.contains("offset") || lower.contains("watermark") { return .offsets }
        if lower.contains("time") { return .times }
        let made = [
            "memberid", "members", "leader", "topicid", "producerid", "clusterid", "sessionid", "directoryid",
            "incarnationid",
            "clientinstanceid", "topicids",
        ]
        return made.contains(lower) ? .ids : nil
    }

    private static func records(_ bytes: Bytes) -> String {
        let summary = BatchSummary(topic: "", partition: 0, bytes)
        return "\(summary.records) record\(summary.records == 1 ? "" : "s")"
    }

    private static func text(_ value: WireValue, _ name: String) -> String {
        switch value {
        case .int(let number) where name == "errorCode":
            Int16(exactly: number).map { ErrorCode(rawValue: $0).name } ?? "\(number)"
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): "\"\(text.count > 60 ? text.prefix(60) + "…" : text[...])\""
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .uuid(let id): "\(id)"
        case .array(let elements): elements.count == 1 ? "1 element" : "\(elements.count) elements"
        case .object(let fields): "\(fields.count) fields"
        }
    }
}

import KafkaWire

/// The visitor that collects what a message speaks of: topics by name or id, and record batches.
struct MessageContents: MessageWalk {
    let version: Int16
    var flexible = true
    private(set) var topics: [String] = []
    private(set) var ids: [Uuid] = []
    private(set) var records: [(topic: String?, id: Uuid?, partition: Int32, bytes: Bytes)] = []

    private var field = ""
    private var topic: String?
    private var id: Uuid?
    private var partition: Int32 = -1

    /// More than that nobody looks at.
    private static let limit = 10_000
    private static let topicFields: Set<String> = ["topic", "topics", "name", "topicName", "topicNames"]
    private static let idFields: Set<String> = ["topicId", "topicIds"]
    private static let partitionFields: Set<String> = ["partitionIndex", "partition", "index"]

    private init(version: Int16) { self.version = version }

    /// What a message of that version speaks of.
    static func of(_ message: some WireMessage, version: Int16) -> MessageContents {
        var visitor = MessageContents(version: version)
        var message = message
        // The visitor itself throws nothing.
        try? visitor.visit(&message)
        return visitor
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        guard field.versions.contains(version) else { return false }
        self.field = "\(field.name)"
        return true
    }
    mutating func visit(_ value: inout Int32) throws(WireError) {
        if Self.partitionFields.contains(field) { partition = value }
    }
    mutating func visit(_ value: inout Uuid) throws(WireError) {
        guard Self.idFields.contains(field), value != .zero, ids.count < Self.limit else { return }
        (topic, id) = (nil, value)
        ids.append(value)
    }
    mutating func visit(_ value: inout String?) throws(WireError) {
        guard let value, !value.isEmpty, Self.topicFields.contains(field), topics.count < Self.limit else { return }
        topic = value
        topics.append(value)
    }
    mutating func visit(_ value: inout Records?) throws(WireError) {
        guard let bytes = value?.bytes, !bytes.isEmpty else { return }
        records.append((topic, id, partition, bytes))
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let name = field
        for element in value ?? [] {
            var element = element
            field = name
            try element.accept(&self)
        }
    }
}

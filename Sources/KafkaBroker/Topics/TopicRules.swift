import KafkaWire

/// What a topic may be called (Kafka's `Topic`).
enum TopicRules {
    static let maximumNameLength = 249
    /// The topics in which Kafka keeps its own state; here they are logs beside the topics.
    static let offsets = "__consumer_offsets"
    static let transactions = "__transaction_state"
    static let metadata = "__cluster_metadata"

    /// Why `name` cannot name a topic, or nil.
    static func objection(toName name: String) -> String? {
        if name.isEmpty { return "a topic's name cannot be empty" }
        if name == "." || name == ".." { return "a topic cannot be called \"\(name)\"" }
        if name.utf8.count > maximumNameLength {
            return "a topic's name has at most \(maximumNameLength) characters; this one has \(name.utf8.count)"
        }
        let legal = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        return legal ? nil : "the name \"\(name)\" holds characters other than ASCII letters, digits, '.', '_' and '-'"
    }

    /// Two names that differ only in '.' and '_' would share the names of their metrics: Kafka refuses the second.
    static func collisionKey(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    /// Why no topic can have the name of one of the logs in which the broker keeps its own state, or nil for other names:
    /// its partition would have the log's folder. To Kafka two of them are topics that are there already, and the third
    /// is one that nobody may create.
    static func reservation(of name: String) -> TopicRegistry.Refusal? {
        switch name {
        case offsets, transactions:
            .init(code: .topicAlreadyExists, message: "Topic '\(name)' already exists: it is the broker's own.")
        case metadata:
            .init(code: .invalidRequest, message: "Creation of internal topic \(name) is prohibited.")
        default: nil
        }
    }

    /// Topics that belong to Kafka itself.
    static func isInternal(_ name: String) -> Bool {
        name == offsets || name == transactions || name == "__share_group_state"
    }
}

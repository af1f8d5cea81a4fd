import JSONLines
import KafkaBroker
import KafkaWire

/// A record of one of Kafka's internal logs as `kafka-dump-log` prints it: key and value as JSON in the form of Kafka's own
/// converters (``WireValue``).
package struct InternalRecord: Equatable {
    /// Nil where the log has no keys, or there is nothing to say.
    package var key: String?
    package var payload: String?

    /// A kind of record: how its key and its value are read.
    private struct Kind {
        let key: any EmbeddedMessage.Type
        let value: any EmbeddedMessage.Type
    }

    /// `__consumer_offsets`; the numbers are Kafka's `CoordinatorRecordType`. Those of share and streams groups (9 to 15, and from
    /// 17 on) are not known here.
    private static let offsets: [Int16: Kind] = [
        0: Kind(key: OffsetCommitKey.self, value: OffsetCommitValue.self),
        1: Kind(key: OffsetCommitKey.self, value: OffsetCommitValue.self),
        2: Kind(key: GroupMetadataKey.self, value: GroupMetadataValue.self),
        3: Kind(key: GroupKey.self, value: ConsumerGroupMetadataValue.self),
        4: Kind(key: GroupKey.self, value: ConsumerGroupPartitionMetadataValue.self),
        5: Kind(key: MemberKey.self, value: ConsumerGroupMemberMetadataValue.self),
        6: Kind(key: GroupKey.self, value: TargetAssignmentMetadataValue.self),
        7: Kind(key: MemberKey.self, value: TargetAssignmentMemberValue.self),
        8: Kind(key: MemberKey.self, value: CurrentMemberAssignmentValue.self),
        16: Kind(key: PatternKey.self, value: PatternValue.self),
    ]

    /// `__transaction_state`.
    private static let transactions: [Int16: Kind] = [
        0: Kind(key: TransactionLogKey.self, value: TransactionLogValue.self)
    ]

    package static func offsets(_ record: Record) -> InternalRecord { coordinator(record, offsets) }
    package static func transactions(_ record: Record) -> InternalRecord { coordinator(record, transactions) }

    private static func coordinator(_ record: Record, _ kinds: [Int16: Kind]) -> InternalRecord {
        do throws(WireError) {
            guard let key = record.key else { throw WireError(.malformed("the record has no key")) }
            let number = try Self.number(key)
            guard let kind = kinds[number] else {
                return InternalRecord(key: "Unknown record type \(number) at offset \(record.offset), skipping.")
            }
            let name = try values(kind.key, key[2..<key.count], version: number)
            let shown = InternalRecord(
                key: JSONText.object([("type", JSONText.string("\(number)")), ("data", WireJSON.text(name))]))
            guard let value = record.value else { return shown.with(payload: "<DELETE>") }
            let version = try Self.number(value)
            let data = try values(kind.value, value[2..<value.count], version: version)
            return shown.with(
                payload: JSONText.object([
                    ("version", JSONText.string("\(version)")), ("data", WireJSON.text(Membership.opened(data))),
                ]))
        } catch {
            return InternalRecord(key: "Error at offset \(record.offset), skipping. \(error)")
        }
    }

    /// `__cluster_metadata`, which has no keys: of its records those that `kw broker` writes.
    package static func metadata(_ record: Record) -> InternalRecord {
        do throws(WireError) {
            guard let bytes = record.value else { throw WireError(.malformed("the record has no value")) }
            let (name, version, data): (String, Int16, WireValue)
            switch try MetadataRecord(bytes) {
            case .topic(let record): (name, version, data) = ("TOPIC_RECORD", 0, try values(of: record, version: 0))
            case .partition(let record):
                version = record.directories.isEmpty ? 0 : 1
                (name, data) = ("PARTITION_RECORD", try values(of: record, version: version))
            case .config(let record): (name, version, data) = ("CONFIG_RECORD", 0, try values(of: record, version: 0))
            case .removeTopic(let record):
                (name, version, data) = ("REMOVE_TOPIC_RECORD", 0, try values(of: record, version: 0))
            case .quota(let record):
                (name, version, data) = ("CLIENT_QUOTA_RECORD", 0, try values(of: record, version: 0))
            case .producerIds(let record):
                (name, version, data) = ("PRODUCER_IDS_RECORD", 0, try values(of: record, version: 0))
            case .token(let record):
                (name, version, data) = ("DELEGATION_TOKEN_RECORD", 0, try values(of: record, version: 0))
            case .removeToken(let record):
                (name, version, data) = ("REMOVE_DELEGATION_TOKEN_RECORD", 0, try values(of: record, version: 0))
            case .scramCredential(let record):
                (name, version, data) = ("USER_SCRAM_CREDENTIAL_RECORD", 0, try values(of: record, version: 0))
            case .removeScramCredential(let record):
                (name, version, data) = ("REMOVE_USER_SCRAM_CREDENTIAL_RECORD", 0, try values(of: record, version: 0))
            case .acl(let record):
                (name, version, data) = ("ACCESS_CONTROL_ENTRY_RECORD", 0, try values(of: record, version: 0))
            case .removeAcl(let record):
                (name, version, data) = ("REMOVE_ACCESS_CONTROL_ENTRY_RECORD", 0, try values(of: record, version: 0))
            case .other(let kind): throw WireError(.malformed("records of kind \(kind) are not known here"))
            }
            return InternalRecord(
                payload: JSONText.object([
                    ("type", JSONText.string(name)), ("version", "\(version)"), ("data", WireJSON.text(masked(data))),
                ]))
        } catch {
            return InternalRecord(payload: "Error at \(record.offset), skipping. \(error)")
        }
    }

    /// Without what users log in with, and the values of settings that are secrets: a dump is handed around.
    private static func masked(_ value: WireValue) -> WireValue {
        guard case .object(let fields) = value else { return value }
        var setting: String?
        for case ("name", .string(let name)) in fields { setting = name }
        let isSecret = setting.map { SensitiveSettings.contains($0) } ?? false
        return .object(
            fields.map { field in
                let isHidden = ["storedKey", "serverKey"].contains(field.name) || field.name == "value" && isSecret
                return isHidden && field.value != .null ? (field.name, .string("<hidden>")) : field
            })
    }

    private func with(payload: String) -> InternalRecord { InternalRecord(key: key, payload: payload) }

    private static func number(_ bytes: Bytes) throws(WireError) -> Int16 {
        guard bytes.count >= 2 else { throw WireError(.malformed("the version in front is missing")) }
        return Int16(bitPattern: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    }

    private static func values(
        _ type: any EmbeddedMessage.Type, _ bytes: Bytes, version: Int16
    ) throws(WireError) -> WireValue {
        func read<M: EmbeddedMessage>(_ type: M.Type) throws(WireError) -> WireValue {
            try values(of: try M.decode(bytes, version: version), version: version)
        }
        return try read(type)
    }

    /// The fields in the order of Kafka's definitions, in which tagged ones stand among the others; our structures declare them in
    /// that order.
    private static func values<M: EmbeddedMessage>(of message: M, version: Int16) throws(WireError) -> WireValue {
        let values = try message.values(version: version, flexible: M.flexible)
        guard case .object(let fields) = values else { return values }
        let order = Mirror(reflecting: message).children.compactMap(\.label)
        func place(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
        let sorted = fields.enumerated().sorted {
            (place($0.element.name), $0.offset) < (place($1.element.name), $1.offset)
        }
        return .object(sorted.map(\.element))
    }
}

/// What members of classic consumer groups want and have, which stands in their groups' records as bytes of the consumer protocol.
private enum Membership {
    static func opened(_ value: WireValue) -> WireValue {
        guard case .object(let fields) = value,
            fields.contains(where: { $0.name == "protocolType" && $0.value == .string("consumer") })
        else { return value }
        return .object(
            fields.map { field in
                guard field.name == "members", case .array(let members) = field.value else { return field }
                return (field.name, .array(members.map(member)))
            })
    }

    private static func member(_ value: WireValue) -> WireValue {
        guard case .object(let fields) = value else { return value }
        return .object(
            fields.map { field in
                guard case .bytes(let bytes) = field.value else { return field }
                // What cannot be read stays as it is.
                switch field.name {
                case "subscription": return (field.name, read(ConsumerProtocolSubscription.self, bytes) ?? field.value)
                case "assignment": return (field.name, read(ConsumerProtocolAssignment.self, bytes) ?? field.value)
                default: return field
                }
            })
    }

    private static func read<M: EmbeddedMessage>(_ type: M.Type, _ bytes: Bytes) -> WireValue? {
        guard let (version, layout) = try? M.versionPrefix(bytes), version == layout,
            let message = try? M.decodeVersioned(bytes)
        else { return nil }
        return try? message.values(version: version, flexible: M.flexible)
    }
}

/// A message's values as JSON on one line.
enum WireJSON {
    static func text(_ value: WireValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): JSONText.string(text)
        case .bytes(let bytes): JSONText.string(Base64.encode(bytes.copy()))
        case .uuid(let id): JSONText.string("\(id)")
        case .array(let elements): JSONText.array(elements.map(text))
        case .object(let fields): JSONText.object(fields.map { ($0.name, text($0.value)) })
        }
    }
}

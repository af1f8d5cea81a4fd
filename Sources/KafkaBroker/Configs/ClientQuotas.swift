import KafkaWire

/// The quotas of clients (KIP-546): limits for users, client ids and addresses, as they were set. Who is held to
/// which of them is found by the ledger of what was spent (`QuotaLedger`).
struct ClientQuotas {
    /// Whom a quota is for: kinds with names; nil is everybody of the kind who has none of his own.
    typealias Entity = [String: String?]

    /// Why quotas are not shown or not changed.
    struct Refusal: Error, Equatable {
        var code: ErrorCode
        var message: String
    }

    /// A change of one quota; without a value it is removed.
    struct Change {
        var key: String
        var value: Double?
    }

    /// How many entities are kept at most; Kafka has no such limit, but keeps them on a disk.
    static let limit = 20_000

    private var quotas: [Entity: [String: Double]] = [:]

    private static let forClients: Set = [
        "producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate",
    ]
    private static let forAddresses: Set = ["connection_creation_rate"]
    private static let kinds: Set = ["user", "client-id", "ip"]
    /// Quotas that are whole numbers.
    private static let whole: Set = ["producer_byte_rate", "consumer_byte_rate", "connection_creation_rate"]

    /// Changes the quotas of an entity, all or none of them; only says whether it could where `validateOnly` is set.
    mutating func alter(_ parts: [(kind: String, name: String?)], _ changes: [Change], validateOnly: Bool)
        throws(Refusal)
    {
        let entity = try Self.entity(parts)
        let allowed = entity["ip"] == nil ? Self.forClients : Self.forAddresses
        var values = quotas[entity] ?? [:]
        for change in changes {
            guard allowed.contains(change.key) else {
                throw Refusal(code: .invalidRequest, message: "Invalid configuration key \(change.key)")
            }
            if let value = change.value {
                guard value > 0 else {
                    throw Refusal(
                        code: .invalidRequest, message: "Quota \(change.key) must be greater than 0, not \(value)")
                }
                guard !Self.whole.contains(change.key) || Int64(exactly: value) != nil else {
                    throw Refusal(
                        code: .invalidRequest, message: "\(change.key) is a whole number, and not \(value)")
                }
                guard change.key != "connection_creation_rate" || value <= Double(Int32.max) else {
                    throw Refusal(
                        code: .invalidRequest, message: "Proposed value for \(change.key) is too large for an INT.")
                }
            }
            values[change.key] = change.value
        }
        guard values.isEmpty || quotas[entity] != nil || quotas.count < Self.limit else {
            throw Refusal(code: .policyViolation, message: "this broker keeps quotas of at most \(Self.limit) entities")
        }
        if !validateOnly { quotas[entity] = values.isEmpty ? nil : values }
    }

    /// Whom the parts mean, and the quotas that are kept for it; nil where they mean nobody.
    func held(_ parts: [(kind: String, name: String?)]) -> (entity: Entity, values: [String: Double])? {
        (try? Self.entity(parts)).map { ($0, quotas[$0] ?? [:]) }
    }

    /// Gives an entity the quotas that it had before the broker was started.
    mutating func restore(_ values: [String: Double], of entity: Entity) { quotas[entity] = values }

    private static func entity(_ parts: [(kind: String, name: String?)]) throws(Refusal) -> Entity {
        func refuse(_ message: String) -> Refusal { Refusal(code: .invalidRequest, message: message) }
        guard !parts.isEmpty else { throw refuse("Invalid empty client quota entity") }
        var entity: Entity = [:]
        for part in parts {
            guard kinds.contains(part.kind) else { throw refuse("Unhandled client quota entity type: \(part.kind)") }
            guard part.name?.isEmpty != true else { throw refuse("Empty \(part.kind) not supported") }
            guard entity.updateValue(part.name, forKey: part.kind) == nil else {
                throw refuse("Invalid client quota entity: \(part.kind) stands there twice")
            }
        }
        guard entity["ip"] == nil || entity.count == 1 else {
            throw refuse("Invalid client quota entity: an address cannot be combined with users or client ids")
        }
        if let name = entity["ip"] ?? nil, NumericAddress.all(name) == nil {
            // Kafka would ask a name server.
            throw refuse("\(name) is not a valid IP; no other host name than localhost is looked up")
        }
        return entity
    }

    /// What is wanted of one kind.
    enum Match: Equatable {
        case name(String)
        /// The quota of those without one of their own.
        case everybody
        case any
    }

    /// The quotas of the entities that match all of `filter`, and have no other kinds where `strict` is set; in the
    /// order of kinds and names.
    func matching(_ filter: [String: Match], strict: Bool) -> [(entity: Entity, values: [String: Double])] {
        let found = quotas.filter { entity, _ in
            if strict, entity.count != filter.count { return false }
            return filter.allSatisfy { kind, match in
                guard let name = entity[kind] else { return false }
                switch match {
                case .any: return true
                case .everybody: return name == nil
                case .name(let wanted): return name == wanted
                }
            }
        }
        func order(_ entity: Entity) -> String {
            entity.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value ?? "")" }.joined(separator: ",")
        }
        return found.map { (order($0.key), (entity: $0.key, values: $0.value)) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Checks what a client wants to see.
    static func filter(_ components: [DescribeClientQuotasRequest.ComponentData]) throws(Refusal) -> [String: Match] {
        var filter: [String: Match] = [:]
        for component in components {
            let kind = component.entityType
            guard !kind.isEmpty else { throw Refusal(code: .invalidRequest, message: "Invalid empty entity type.") }
            guard kinds.contains(kind) else {
                throw Refusal(code: .unsupportedVersion, message: "Unsupported entity type \(kind)")
            }
            let match: Match
            switch (component.matchType, component.match) {
            case (0, let name?): match = .name(name)
            case (1, nil): match = .everybody
            case (2, nil): match = .any
            default:
                throw Refusal(
                    code: .invalidRequest,
                    message: "the match type \(component.matchType) of \(kind) does not go with its match")
            }
            guard filter.updateValue(match, forKey: kind) == nil else {
                throw Refusal(
                    code: .invalidRequest, message: "Entity type \(kind) cannot appear more than once in the filter.")
            }
        }
        guard filter["ip"] == nil || filter.count == 1 else {
            throw Refusal(
                code: .invalidRequest, message: "addresses cannot be asked for together with users or client ids")
        }
        return filter
    }
}

import AppSupport
import ArgumentParser
import KafkaWire
import ToolKit

/// `kw configs --alter` of users, clients and addresses: their quotas, or a user's passwords.
struct QuotaChanges {
    private let entity: KafkaAdmin.QuotaEntity
    private let quotas: [String: Double?]
    let passwords: [KafkaAdmin.ScramChange]
    private let user: String

    private static let ofClients = [
        "producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate",
    ]
    private static let ofAddresses = ["connection_creation_rate"]
    private static let mechanisms: [String: KafkaAdmin.ScramMechanism] = [
        "SCRAM-SHA-256": .sha256, "SCRAM-SHA-512": .sha512,
    ]

    /// Takes the changes apart. What cannot be is refused before a broker is asked. Passwords are salted with what `random`
    /// gives, which nobody foresees.
    init(_ changes: ConfigChanges, of entities: ConfigEntities, random: () -> UInt64) throws {
        let isUser = entities.types == [.users]
        let known =
            (entities.type == .ips ? Self.ofAddresses : Self.ofClients) + (isUser ? Self.mechanisms.keys.sorted() : [])
        for name in changes.added.keys.sorted() + changes.deleted where !known.contains(name) {
            throw ToolFailure(
                "\(entities.type.rawValue) have no setting \(name); there are \(known.joined(separator: ", "))"
                    + ConfigAdvice.question(about: name, among: known))
        }
        var quotas: [String: Double?] = [:]
        var passwords: [KafkaAdmin.ScramChange] = []
        for (name, value) in changes.added.sorted(by: { $0.key < $1.key }) {
            if let mechanism = Self.mechanisms[name] {
                passwords.append(try Self.password(value, mechanism, random))
            } else {
                guard let number = Double(value), number.isFinite else {
                    throw ToolFailure("\(name) is a number, not \(SafeText.line(value))")
                }
                quotas.updateValue(number, forKey: name)
            }
        }
        for name in changes.deleted {
            if let mechanism = Self.mechanisms[name] {
                passwords.append(.delete(mechanism))
            } else {
                quotas.updateValue(nil, forKey: name)
            }
        }
        if !passwords.isEmpty, !quotas.isEmpty {
            throw ToolFailure("quotas and passwords cannot be changed in one go; use two commands")
        }
        if !passwords.isEmpty, entities.names.contains("") {
            throw ToolFailure("a password belongs to a user; there is none for all users")
        }
        (self.quotas, self.passwords) = (quotas, passwords)
        entity = entities.quotaEntity
        user = entities.names[0]
    }

    func perform(with admin: KafkaAdmin) async throws {
        if !passwords.isEmpty {
            _ = try await admin.alterScramUsers([user: passwords]).get()
            return
        }
        let names = entity.parts.mapValues { $0.map { KafkaAdmin.QuotaMatch.name($0) } ?? .standard }
        let present = try await admin.describeClientQuotas(names, strict: true)[entity] ?? [:]
        for (name, value) in quotas.sorted(by: { $0.key < $1.key }) where value == nil && present[name] == nil {
            throw ToolFailure("\(entity) has no quota \(name), so that there is nothing to delete")
        }
        _ = try await admin.alterClientQuotas([entity: quotas]).get()
    }

    /// `iterations=4096,password=…`, where the iterations may be left out. The password is in no message.
    private static func password(
        _ text: String, _ mechanism: KafkaAdmin.ScramMechanism, _ random: () -> UInt64
    ) throws -> KafkaAdmin.ScramChange {
        var rest = text[...]
        var iterations: Int32 = 4096
        if rest.hasPrefix("iterations="), let comma = rest.firstIndex(of: ",") {
            guard let number = Int32(rest[..<comma].dropFirst("iterations=".count)) else {
                throw ToolFailure("\(mechanism): iterations is a whole number")
            }
            if number != -1 { iterations = number }
            rest = rest[rest.index(after: comma)...]
        }
        guard rest.hasPrefix("password=") else {
            throw ToolFailure("\(mechanism): write it as \(mechanism)=[iterations=4096,password=PASSWORD]")
        }
        guard (4096...16384).contains(iterations) else {
            throw ToolFailure("\(mechanism): iterations is a number from 4096 to 16384, which brokers insist on")
        }
        var salt: [UInt8] = []
        for _ in 0..<4 { withUnsafeBytes(of: random()) { salt += $0 } }
        let salted = try ScramCredential.salted(
            password: Secret(rest.dropFirst("password=".count).utf8), salt: salt, iterations: Int(iterations),
            variant: mechanism == .sha256 ? .sha256 : .sha512, preparation: .kafka)
        return .set(mechanism, iterations: iterations, salt: salt, saltedPassword: salted.copied())
    }
}

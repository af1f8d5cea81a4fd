import JSONLines
import KafkaWire
import ToolKit

/// `kw configs --describe` of users, clients and addresses: their quotas, and how users' passwords are kept.
struct QuotaReport {
    let entities: ConfigEntities
    let admin: KafkaAdmin
    let tool: Tool
    let isJSON: Bool

    func write() async throws {
        var failures = Failures()
        let quotas = try await admin.describeClientQuotas(entities.quotaMatches, strict: true)
            .sorted { $0.key.description < $1.key.description }
        var credentials: [(user: String, credentials: [KafkaAdmin.ScramCredential])] = []
        if !entities.types.contains(.clients), entities.type == .users, !entities.names.contains("") {
            let users = entities.names.isEmpty ? nil : entities.names
            // A broker that cannot tell of passwords may tell of quotas.
            do throws(KafkaError) {
                for (user, result) in try await admin.describeScramUsers(users).sorted(by: { $0.key < $1.key }) {
                    // A user without a password is no failure: there may be a quota.
                    if case .failure(let error) = result, error.code.broker == .resourceNotFound { continue }
                    if let found = failures.take(result) { credentials.append((user, found)) }
                }
            } catch {
                failures.add(error)
            }
        }
        if isJSON {
            tool.console.line(
                JSONText.object([
                    ("quotas", JSONText.array(quotas.map { json($0.key, $0.value) })),
                    ("scramCredentials", JSONText.array(credentials.map { json($0.user, $0.credentials) })),
                ]))
        } else {
            for (entity, values) in quotas { tool.console.line(text(entity, values)) }
            for (user, credentials) in credentials {
                let list = credentials.map { "\($0.mechanism)=iterations=\($0.iterations)" }.joined(separator: ", ")
                tool.console.line("SCRAM credential configs for user-principal '\(tool.shown(user))' are \(list)")
            }
        }
        try failures.finish()
    }

    private static let types = [("user", "user-principal"), ("client-id", "client-id"), ("ip", "ip")]

    private func text(_ entity: KafkaAdmin.QuotaEntity, _ values: [String: Double]) -> String {
        let whom = Self.types.compactMap { type, words in
            entity.parts[type].map { name in name.map { "\(words) '\(tool.shown($0))'" } ?? "the default \(words)" }
        }
        let list = JavaOrder.hashMap(values.sorted { $0.key < $1.key }, hash: { JavaOrder.hash($0.key) })
            .map { "\($0.key)=\(JavaNumber.text($0.value))" }
        return "Quota configs for \(whom.joined(separator: ", ")) are \(list.joined(separator: ", "))"
    }

    private func json(_ entity: KafkaAdmin.QuotaEntity, _ values: [String: Double]) -> String {
        JSONText.object([
            (
                "entity",
                JSONText.object(
                    Self.types.compactMap { type, _ in entity.parts[type].map { (type, JSONText.string($0)) } })
            ),
            ("quotas", JSONText.object(values.sorted { $0.key < $1.key }.map { ($0.key, JSONNumber.text($0.value)) })),
        ])
    }

    private func json(_ user: String, _ credentials: [KafkaAdmin.ScramCredential]) -> String {
        JSONText.object([
            ("user", JSONText.string(user)),
            (
                "credentials",
                JSONText.array(
                    credentials.map {
                        JSONText.object([
                            ("mechanism", JSONText.string($0.mechanism.description)),
                            ("iterations", "\($0.iterations)"),
                        ])
                    })
            ),
        ])
    }
}

/// A number as Java's `Double.toString` writes it: `1024.0`, `1.048576E7`.
enum JavaNumber {
    static func text(_ value: Double) -> String {
        let size = value.magnitude
        guard value.isFinite, size != 0, !(1e-3..<1e7).contains(size) else {
            return value.isFinite ? "\(value)" : special(value)
        }
        // Swift writes the shortest digits too; only where the point stands is Java's own way.
        let plain = "\(size)"
        let parts = plain.split(separator: "e")
        let shift = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = halves[0]
        let fraction = halves.count > 1 ? halves[1] : ""
        var digits = Array((whole + fraction).utf8)
        var exponent = whole.utf8.count - 1 + shift
        while digits.count > 1, digits.first == UInt8(ascii: "0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let rest = digits.count > 1 ? String(decoding: digits.dropFirst(), as: UTF8.self) : "0"
        let first = String(decoding: digits.prefix(1), as: UTF8.self)
        return (value < 0 ? "-" : "") + "\(first).\(rest)E\(exponent)"
    }

    private static func special(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }
}

/// A number as JSON has it: without a point where it is whole, and null where it is none.
enum JSONNumber {
    static func text(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isFinite ? "\(value)" : "null"
    }
}

import Foundation
import KafkaOIDC
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A schema registry as Confluent's REST API has it (`GET /schemas/ids/ID`), which Karapace, Apicurio and Redpanda speak as well.
///
/// ```swift
/// let registry = try SchemaRegistryClient("https://registry.example", login: .basic(user: "me", password: secret))
/// if let message = SchemaMessage(bytes), case .avro(let schema) = try await registry.schema(message.schemaID) {
///     print(try schema.value(of: message.payload).json())
/// }
/// ```
///
/// An id's schema never changes: each is asked for once. The last thousand are kept.
public actor SchemaRegistryClient {
    /// How the client says who it is.
    public enum Login: Sendable {
        /// By name and password (RFC 7617).
        case basic(user: String, password: Secret)
        /// By a token (RFC 6750).
        case bearer(Secret)

        /// What a file of one line says: `user:password`, or a token, which has no colon. Nil where it says nothing.
        public init?(_ secret: Secret) {
            let parts: (user: String, password: Secret)? = secret.withBytes { bytes in
                guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
                return (String(decoding: bytes[..<colon], as: UTF8.self), Secret(bytes[(colon + 1)...]))
            }
            if let parts {
                self = .basic(user: parts.user, password: parts.password)
            } else if secret.isEmpty {
                return nil
            } else {
                self = .bearer(secret)
            }
        }
    }

    /// A schema by its kind.
    public enum Schema: Equatable, Sendable {
        /// Avro, ready for reading.
        case avro(AvroSchema)
        /// JSON Schema: what is written by it is JSON. The text is the schema's.
        case json(String)
        /// Protocol Buffers, or another kind, by the registry's name for it.
        case other(String)
    }

    /// The address, with a slash at its end.
    private let base: String
    private let place: String
    private let login: Login?
    private let timeout: Duration
    private var known: [Int32: Schema] = [:]
    private var order: [Int32] = []

    /// No more schemas are kept.
    private static let mostKnown = 1000
    /// No longer answers are read.
    private static let longestAnswer = 4 << 20
    /// Schemas refer to each other no deeper, and no more of them belong together.
    private static let mostReferences = 100

    /// A client of the registry at an address.
    ///
    /// - Parameter timeout: How long an answer may take. Default 10 s.
    /// - Throws: ``SchemaRegistryError`` where the text is no address, or a login would be sent in plain text to another machine.
    public init(_ address: String, login: Login? = nil, timeout: Duration = .seconds(10)) throws(SchemaRegistryError) {
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            let host = url.host, !host.isEmpty, url.user == nil
        else {
            throw SchemaRegistryError(
                .settings, "the address of the schema registry is none; it looks like https://registry.example:8081")
        }
        guard login == nil || HTTPAddress.isSafe(url) else {
            throw SchemaRegistryError(
                .settings, "the schema registry's login would go to \(host) in plain text: use https:")
        }
        base = url.absoluteString + (url.absoluteString.hasSuffix("/") ? "" : "/")
        place = HTTPAddress.place(of: url)
        self.login = login
        self.timeout = timeout
    }

    /// The schema with that id.
    ///
    /// - Throws: ``SchemaRegistryError``; one that ``SchemaRegistryError/mayPass`` is worth another try.
    public func schema(_ id: Int32) async throws(SchemaRegistryError) -> Schema {
        if let schema = known[id] { return schema }
        let answer = try await get("schemas/ids/\(id)", what: "schema \(id)")
        let schema = try await made(of: answer, "schema \(id)")
        if known.updateValue(schema, forKey: id) == nil { order.append(id) }
        if order.count > Self.mostKnown { known[order.removeFirst()] = nil }
        return schema
    }

    /// What is wrong, as a registry says it: its codes for "not found" are 40401 to 40403.
    private struct Complaint: Decodable {
        enum CodingKeys: String, CodingKey { case code = "error_code" }
        var code: Int
    }

    /// What Karapace says of itself: 5 in `status`, those before it at the top.
    private struct Health: Decodable {
        enum CodingKeys: String, CodingKey {
            case status
            case isReady = "schema_registry_ready"
        }
        struct Status: Decodable {
            enum CodingKeys: String, CodingKey { case isReady = "schema_registry_ready" }
            var isReady: Bool?
        }
        var status: Status?
        var isReady: Bool?

        var isStarting: Bool { (status?.isReady ?? isReady) == false }
    }

    private struct Answer: Decodable {
        struct Reference: Decodable, Hashable {
            var subject: String
            var version: Int
        }

        var schema: String
        var schemaType: String?
        var references: [Reference]?
    }

    private func made(of answer: Answer, _ what: String) async throws(SchemaRegistryError) -> Schema {
        switch answer.schemaType ?? "AVRO" {
        case "AVRO": break
        case "JSON": return .json(answer.schema)
        case let other: return .other(other)
        }
        var texts: [String] = []
        var seen: Set<Answer.Reference> = []
        try await collect(answer.references ?? [], into: &texts, &seen)
        do throws(AvroError) { return .avro(try AvroSchema(json: answer.schema, references: texts)) } catch {
            throw SchemaRegistryError(.malformed, "\(what) of the registry \(place) cannot be read: \(error)")
        }
    }

    /// The schemas that others refer to, each behind those that it refers to itself.
    private func collect(
        _ references: [Answer.Reference], into texts: inout [String], _ seen: inout Set<Answer.Reference>
    ) async throws(SchemaRegistryError) {
        for reference in references where seen.insert(reference).inserted {
            guard seen.count <= Self.mostReferences else {
                throw SchemaRegistryError(
                    .malformed, "a schema of the registry \(place) refers to more than \(Self.mostReferences) others")
            }
            let name =
                reference.subject.addingPercentEncoding(
                    withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))
                ?? ""
            let what = "version \(reference.version) of \(reference.subject)"
            // Also one that is deleted: values are read by it still.
            let answer = try await get("subjects/\(name)/versions/\(reference.version)?deleted=true", what: what)
            try await collect(answer.references ?? [], into: &texts, &seen)
            texts.append(answer.schema)
        }
    }

    private func get(_ path: String, what: String) async throws(SchemaRegistryError) -> Answer {
        let answer = try await ask(path, what: what)
        if answer.status == 404 { try await doubt(answer, what) }
        return try read(answer, what)
    }

    /// Throws where "not found" may pass: it is said by what is no registry (another address, a proxy), or by Karapace that has just
    /// started, and knows nothing of what it has not read yet.
    private func doubt(_ answer: HTTPExchange.Answer, _ what: String) async throws(SchemaRegistryError) {
        let complaint = try? JSONDecoder().decode(Complaint.self, from: Data(answer.body))
        guard let complaint, 40400..<40500 ~= complaint.code else {
            throw SchemaRegistryError(
                .unavailable, "\(place) answered 404 for \(what), not as a schema registry does: is that its address?")
        }
        let health = try await ask("_health", what: "its health")
        if (try? JSONDecoder().decode(Health.self, from: Data(health.body)))?.isStarting == true {
            throw SchemaRegistryError(
                .unavailable, "the schema registry \(place) is starting, and does not know \(what) yet")
        }
    }

    private func ask(_ path: String, what: String) async throws(SchemaRegistryError) -> HTTPExchange.Answer {
        guard let url = URL(string: base + path) else {
            throw SchemaRegistryError(.malformed, "the registry \(place) names \(what), which no address leads to")
        }
        var request = URLRequest(
            url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout / .seconds(1))
        request.setValue("application/vnd.schemaregistry.v1+json, application/json", forHTTPHeaderField: "Accept")
        switch login {
        case .basic(let user, let password):
            let pair = password.withBytes { Array("\(user):".utf8) + Array($0) }
            request.setValue("Basic \(Base64.encode(pair))", forHTTPHeaderField: "Authorization")
        case .bearer(let token):
            let text = token.withBytes { String(decoding: $0, as: UTF8.self) }
            request.setValue("Bearer \(text)", forHTTPHeaderField: "Authorization")
        case nil: break
        }
        do throws(HTTPExchange.Failure) {
            return try await HTTPExchange.perform(request, limit: Self.longestAnswer)
        } catch {
            switch error {
            case .unreachable(let words):
                throw SchemaRegistryError(
                    .unavailable, "the schema registry \(place) cannot be asked for \(what): \(words)")
            case .tooLong(let limit):
                throw SchemaRegistryError(.malformed, "\(what) of the registry \(place) is longer than \(limit) bytes")
            }
        }
    }

    private func read(_ answer: HTTPExchange.Answer, _ what: String) throws(SchemaRegistryError) -> Answer {
        switch answer.status {
        case 200..<300: break
        case 404:
            throw SchemaRegistryError(
                .unknown, "the schema registry \(place) does not know \(what), or does not show it to this login")
        case 401, 403:
            throw SchemaRegistryError(
                .refused, "the schema registry \(place) does not give \(what) to this login (\(answer.status))")
        case 408, 425, 429, 500..<600:
            throw SchemaRegistryError(
                .unavailable, "the schema registry \(place) could not give \(what): it answered \(answer.status)")
        default:
            throw SchemaRegistryError(
                .malformed, "the schema registry \(place) answered \(answer.status) when it was asked for \(what)")
        }
        do { return try JSONDecoder().decode(Answer.self, from: Data(answer.body)) } catch {
            throw SchemaRegistryError(
                .malformed, "what \(place) answers for \(what) is none of a schema registry's answers")
        }
    }
}

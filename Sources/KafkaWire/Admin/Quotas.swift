// Limits for clients (KIP-546).

extension KafkaAdmin {
    /// Whom a quota is for: any combination of a user, a client id and an address.
    public struct QuotaEntity: Sendable, Hashable, CustomStringConvertible {
        /// The name, by type (`user`, `client-id`, `ip`); nil is the default for that type.
        public var parts: [String: String?]

        /// Whom a quota is for.
        public init(_ parts: [String: String?]) { self.parts = parts }

        /// Types and names in the order of the types, such as `client-id shop, user (default)`.
        public var description: String {
            parts.sorted { $0.key < $1.key }.map { "\($0) \($1 ?? "(default)")" }.joined(separator: ", ")
        }
    }

    /// What a part of an entity has to be.
    public enum QuotaMatch: Sendable, Equatable {
        /// That name.
        case name(String)
        /// The default of its type.
        case standard
        /// Anything, as long as there is a part of that type.
        case any
    }

    /// The quotas (DescribeClientQuotas, Kafka 2.6), such as `producer_byte_rate` in bytes per second, by entity.
    ///
    /// - Parameters:
    ///   - matches: What an entity's parts have to be, by type; none match every entity.
    ///   - strict: Whether an entity may have no parts of other types.
    public func describeClientQuotas(
        _ matches: [String: QuotaMatch] = [:], strict: Bool = false
    ) async throws(KafkaError) -> [QuotaEntity: [String: Double]] {
        try await one("describe client quotas", at: .any) { _ in
            DescribeClientQuotasRequest.with {
                $0.strict = strict
                $0.components = matches.sorted { $0.key < $1.key }.map { type, match in
                    .with {
                        $0.entityType = type
                        switch match {
                        case .name(let name): ($0.matchType, $0.match) = (0, name)
                        case .standard: ($0.matchType, $0.match) = (1, nil)
                        case .any: ($0.matchType, $0.match) = (2, nil)
                        }
                    }
                }
            }
        } whole: {
            ($0.errorCode, $0.errorMessage)
        } value: { response in
            var quotas: [QuotaEntity: [String: Double]] = [:]
            for entry in response.entries ?? [] {
                var parts: [String: String?] = [:]
                for part in entry.entity { parts.updateValue(part.entityName, forKey: part.entityType) }
                for value in entry.values { quotas[QuotaEntity(parts), default: [:]][value.key] = value.value }
            }
            return quotas
        }
    }

    /// Sets quotas, and takes away those that are nil (AlterClientQuotas, Kafka 2.6). INVALID_REQUEST: an entity or a quota
    /// that Kafka does not know. With `validateOnly` nothing is changed.
    public func alterClientQuotas(
        _ changes: [QuotaEntity: [String: Double?]], validateOnly: Bool = false
    ) async -> Results<QuotaEntity, Void> {
        let call = AdminCall<QuotaEntity, AlterClientQuotasRequest, Void>(
            what: "alter the quotas of", route: .all(.controller), subject: { .other("\($0)") },
            final: .finalFromController,
            build: { entities, _ in
                .with {
                    $0.validateOnly = validateOnly
                    $0.entries = entities.map { entity in
                        .with {
                            $0.entity = entity.parts.sorted { $0.key < $1.key }.map { type, name in
                                .with {
                                    $0.entityType = type
                                    $0.entityName = name
                                }
                            }
                            $0.ops = (changes[entity] ?? [:]).sorted { $0.key < $1.key }.map { key, value in
                                .with {
                                    $0.key = key
                                    $0.value = value ?? 0
                                    $0.remove = value == nil
                                }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.entries.map { entry in
                    var parts: [String: String?] = [:]
                    for part in entry.entity { parts.updateValue(part.entityName, forKey: part.entityType) }
                    return AdminReply(QuotaEntity(parts), entry.errorCode, entry.errorMessage)
                }
            })
        return await cluster.perform(call, about: changes.keys.sorted { "\($0)" < "\($1)" })
    }
}

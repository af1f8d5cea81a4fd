import KafkaWire

/// The bounds of one kind of quota, and which of them holds for a client, as Kafka's `DefaultQuotaCallback` finds it.
///
/// The first of these that is set counts, from the narrowest on: user and client id, user and everybody's client id, user,
/// everybody and client id, everybody and everybody's client id, everybody, client id, everybody's client id. Those that
/// name a client id count each client id for itself, those of a user alone all of his clients together, and those of a
/// client id alone all users of it together.
struct QuotaBounds {
    private enum Name: Hashable {
        case everybody
        case one(String)

        init(_ name: String?) { self = name.map { .one($0) } ?? .everybody }
    }

    private struct Entity: Hashable {
        var user: Name?
        var clientId: Name?
    }

    private var bounds: [Entity: Double] = [:]

    var isEmpty: Bool { bounds.isEmpty }

    /// Sets the bound of those whom `entity` means; nil takes it away.
    mutating func set(_ bound: Double?, of entity: ClientQuotas.Entity) {
        let place = Entity(user: entity["user"].map { Name($0) }, clientId: entity["client-id"].map { Name($0) })
        bounds[place] = bound
    }

    /// The bound that holds for a client, and together with whom it spends: of the one who counts, user and client id are
    /// empty where it makes no difference. Nil where nothing holds.
    func bound(of client: QuotaClient) -> (bound: Double, shared: QuotaClient)? {
        guard !bounds.isEmpty else { return nil }
        let shared = shared(client)
        return bound(ofShared: shared).map { ($0, shared) }
    }

    private func shared(_ client: QuotaClient) -> QuotaClient {
        let (user, clientId) = (Name.one(client.user), Name.one(client.clientId))
        func has(_ user: Name?, _ clientId: Name?) -> Bool { bounds[Entity(user: user, clientId: clientId)] != nil }
        if has(user, clientId) || has(user, .everybody) { return client }
        var shared = client
        if has(user, nil) {
            shared.clientId = ""
        } else if !has(.everybody, clientId), !has(.everybody, .everybody) {
            if has(.everybody, nil) { shared.clientId = "" } else { shared.user = "" }
        }
        return shared
    }

    /// Looked up by whom it is shared with, as in Kafka: so a client without an id has what its user has, and no quota of
    /// everybody's client id.
    private func bound(ofShared client: QuotaClient) -> Double? {
        let user: Name? = client.user.isEmpty ? nil : .one(client.user)
        let clientId: Name? = client.clientId.isEmpty ? nil : .one(client.clientId)
        let users: [Name?] = user == nil ? [nil] : [user, .everybody]
        let clientIds: [Name?] = clientId == nil ? [nil] : [clientId, .everybody]
        guard user != nil || clientId != nil else { return nil }
        for user in users {
            for clientId in clientIds {
                if let bound = bounds[Entity(user: user, clientId: clientId)] { return bound }
            }
        }
        return nil
    }
}

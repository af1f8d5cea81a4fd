import KafkaWire

/// AlterUserScramCredentials (KIP-554): sets and deletes the passwords of SCRAM users. Each user is answered once, in the
/// order in which they are named first, deletions before upsertions; Kafka's order is that of a hash table. Unlike there,
/// credentials are bounded (POLICY_VIOLATION), and an empty salted password is UNACCEPTABLE_CREDENTIAL.
enum AlterUserScramCredentialsHandler: RequestHandler {
    static let api = ServedAPI(AlterUserScramCredentialsHandler.self)

    static func handle(_ request: AlterUserScramCredentialsRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        let deletions = request.deletions.map { ScramUsers.Change(user: $0.name, mechanism: $0.mechanism) }
        let upsertions = request.upsertions.map { asked in
            ScramUsers.Change(
                user: asked.name, mechanism: asked.mechanism,
                password: .init(
                    salt: asked.salt.copy(), bytes: asked.saltedPassword.copy(), iterations: asked.iterations))
        }
        return node.each(of: node.scramUsers.plan(deletions + upsertions)) {
            planned, budget, node -> AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult in
            budget.spend(10)
            return .with {
                $0.user = planned.user
                $0.errorMessage = nil
                do throws(ScramUsers.Refusal) {
                    try node.alterScramUser(try planned.change.get())
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            AlterUserScramCredentialsResponse.with { $0.results = answers }
        }
    }
}

import KafkaWire

/// DescribeUserScramCredentials (KIP-554): who has a password. This broker knows no users: the list of all is empty, and
/// a user that is named answers RESOURCE_NOT_FOUND, or DUPLICATE_RESOURCE where it is named twice.
enum DescribeUserScramCredentialsHandler: RequestHandler {
    static let api = ServedAPI(DescribeUserScramCredentialsHandler.self)

    static func handle(
        _ request: DescribeUserScramCredentialsRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> Outcome {
        var named: [String: Int] = [:]
        for user in request.users ?? [] { named[user.name, default: 0] += 1 }
        return .answer(
            DescribeUserScramCredentialsResponse.with {
                $0.errorMessage = nil
                $0.results = named.sorted { $0.key < $1.key }.map { user, count in
                    .with {
                        $0.user = user
                        $0.errorCode = count > 1 ? .duplicateResource : .resourceNotFound
                        $0.errorMessage =
                            count > 1
                            ? "Cannot describe SCRAM credentials for the same user twice in a single request: \(user)"
                            : "Attempt to describe a user credential that does not exist: \(user)"
                    }
                }
            })
    }
}

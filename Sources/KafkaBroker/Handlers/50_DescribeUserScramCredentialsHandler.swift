import KafkaWire

/// DescribeUserScramCredentials (KIP-554): who has a password, and how it is kept; never the keys. Users stand in the order
/// of their names.
enum DescribeUserScramCredentialsHandler: RequestHandler {
    static let api = ServedAPI(DescribeUserScramCredentialsHandler.self)

    static func handle(
        _ request: DescribeUserScramCredentialsRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> Outcome {
        .answer(
            DescribeUserScramCredentialsResponse.with {
                $0.errorMessage = nil
                $0.results = node.scramUsers.describe((request.users ?? []).map(\.name)).map { user, infos in
                    .with {
                        $0.user = user
                        $0.errorMessage = nil
                        switch infos {
                        case .success(let infos):
                            $0.credentialInfos = infos.map { info in
                                .with {
                                    $0.mechanism = info.mechanism.rawValue
                                    $0.iterations = info.iterations
                                }
                            }
                        case .failure(let refusal):
                            $0.errorCode = refusal.code
                            $0.errorMessage = refusal.message
                        }
                    }
                }
            })
    }
}

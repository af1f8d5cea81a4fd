import KafkaWire

/// UpdateFeatures (KIP-584). The broker's features are what it is built with, and none has another version:
/// INVALID_UPDATE_VERSION, per feature up to v1, and for the whole request from v2 on. Removing (version 0) a feature
/// that is not there changes nothing, and is no error.
enum UpdateFeaturesHandler: RequestHandler {
    static let api = ServedAPI(UpdateFeaturesHandler.self)

    static func handle(_ request: UpdateFeaturesRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let refusals = request.featureUpdates.map { update in
            update.maxVersionLevel == 0
                ? nil
                : "Invalid update version \(update.maxVersionLevel) for feature \(update.feature). Broker "
                    + "\(node.configuration.nodeId) does not support this feature."
        }
        return .answer(
            UpdateFeaturesResponse.with {
                $0.errorMessage = nil
                if context.version >= 2 {
                    guard let refusal = refusals.lazy.compactMap({ $0 }).first else { return }
                    $0.errorCode = .invalidUpdateVersion
                    $0.errorMessage = refusal
                } else {
                    $0.results = zip(request.featureUpdates, refusals).map { update, refusal in
                        .with {
                            $0.feature = update.feature
                            $0.errorCode = refusal == nil ? .none : .invalidUpdateVersion
                            $0.errorMessage = refusal
                        }
                    }
                }
            })
    }
}

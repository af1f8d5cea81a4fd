import KafkaWire

/// UpdateFeatures (KIP-584). INVALID_UPDATE_VERSION, per feature up to v1, and for the whole request from v2 on. Removing
/// (version 0) a feature that is not there changes nothing, and is no error.
///
/// - Deviation: `transaction.version` is as the broker was started with, and `group.version` is 1; only the present
///   versions are taken.
enum UpdateFeaturesHandler: RequestHandler {
    static let api = ServedAPI(UpdateFeaturesHandler.self)

    static func handle(_ request: UpdateFeaturesRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let refusals = request.featureUpdates.map { refusal($0.feature, $0.maxVersionLevel, node) }
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

    /// Why the feature cannot have that version; nil where it has it.
    private static func refusal(_ feature: String, _ level: Int16, _ node: BrokerNode) -> String? {
        if let present = ApiVersionsHandler.level(of: feature, node) {
            return level == present
                ? nil
                : "Invalid update version \(level) for feature \(feature). This broker was started with version "
                    + "\(present), and keeps it."
        }
        return level == 0
            ? nil
            : "Invalid update version \(level) for feature \(feature). Broker \(node.configuration.nodeId) does not "
                + "support this feature."
    }
}

import KafkaWire

/// ApiVersions: which APIs are served, and in which versions; exactly those of ``ServedAPI/all``, or what of them a
/// release of Kafka has that the broker is told to speak as (``KafkaBroker/speak(as:)``).
///
/// - A version that is too new is answered in the form of v0, with UNSUPPORTED_VERSION and the versions of ApiVersions
///   itself, so that the client can choose another one (KIP-511).
/// - Two features: `group.version`, with whose version 1 there are groups under the newer protocol (KIP-848), and
///   `transaction.version`, with whose version 2 producers leave it to the broker to add partitions (KIP-890). Clients
///   before v4 of this API cannot read features that begin with version 0 (KAFKA-17011): they are left out there, among
///   those that are supported.
enum ApiVersionsHandler: RequestHandler {
    static let api = ServedAPI(ApiVersionsHandler.self)

    static func handle(_ request: ApiVersionsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        // KIP-511: names that a metric could not carry are refused.
        if context.version >= 3, !isName(request.clientSoftwareName) || !isName(request.clientSoftwareVersion) {
            return .answer(ApiVersionsResponse.with { $0.errorCode = .invalidRequest })
        }
        return .answer(
            ApiVersionsResponse.with {
                $0.apiKeys = ServedAPI.all.compactMap { $0.entry(node.release) }
                guard context.version >= 3, node.release?.hasFeatures ?? true else { return }
                if context.version >= 4 { $0.supportedFeatures = [groupVersion, transactionVersion] }
                $0.finalizedFeaturesEpoch = 0
                // A feature at version 0 is one that is not there.
                $0.finalizedFeatures = [groupVersion, transactionVersion].compactMap { feature in
                    guard let level = level(of: feature.name, node), level > 0 else { return nil }
                    return .with {
                        $0.name = feature.name
                        $0.minVersionLevel = level
                        $0.maxVersionLevel = level
                    }
                }
            })
    }

    /// The version of transactions that clients are told to use.
    static func transactionVersionLevel(_ node: BrokerNode) -> Int16 {
        min(node.configuration.transactionVersion, transactionVersion.maxVersion)
    }

    /// The version that a feature is at; nil where there is no such feature.
    static func level(of feature: String, _ node: BrokerNode) -> Int16? {
        switch feature {
        case groupVersion.name: groupVersion.maxVersion
        case transactionVersion.name: transactionVersionLevel(node)
        default: nil
        }
    }

    static let groupVersion = ApiVersionsResponse.SupportedFeatureKey.with {
        $0.name = "group.version"
        $0.minVersion = 0
        $0.maxVersion = 1
    }

    static let transactionVersion = ApiVersionsResponse.SupportedFeatureKey.with {
        $0.name = "transaction.version"
        $0.minVersion = 0
        $0.maxVersion = 2
    }

    /// The answer to a version that is not served; it is to be written as v0.
    static func unsupportedVersion(_ node: BrokerNode) -> ApiVersionsResponse {
        .with {
            $0.errorCode = .unsupportedVersion
            $0.apiKeys = [api.entry(node.release)].compactMap { $0 }
        }
    }

    /// Kafka's pattern: `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`
    private static func isName(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}

extension ServedAPI {
    /// What is told of the API; nil where nothing is served of what the release knows.
    fileprivate func entry(_ release: KafkaRelease?) -> ApiVersionsResponse.ApiVersion? {
        var told = advertised
        if let release {
            guard let served = release.cap(versions, of: key) else { return nil }
            told = min(advertised.lowerBound, served.lowerBound)...served.upperBound
        }
        return .with {
            $0.apiKey = key.rawValue
            $0.minVersion = told.lowerBound
            $0.maxVersion = told.upperBound
        }
    }
}

import Foundation
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The keys with which an identity provider signs tokens, over HTTP: the `jwks_uri` of OpenID Connect Discovery, for brokers
/// (KIP-768).
///
/// ```swift
/// configuration.tokenKeySource = { try OIDCKeySource($0) }
/// ```
///
/// `kw broker` has it. A broker asks again every hour (`sasl.oauthbearer.jwks.endpoint.refresh.ms`), and when a token names a
/// key that it does not know.
public struct OIDCKeySource: JSONWebKeySource {
    /// More than any set of keys has.
    static let limit = 1 << 20

    /// How long one request may take. Default 10 s.
    public var timeout: Duration = .seconds(10)
    /// The address without what stands behind its path.
    public var place: String { address.place }
    private let address: HTTPAddress

    /// The keys at that address: an `https:` one, or an `http:` one of this machine.
    ///
    /// - Throws: ``SASLError`` where it is none of these.
    public init(_ address: String) throws(SASLError) {
        self.address = try HTTPAddress(
            address, setting: "sasl.oauthbearer.jwks.endpoint.url", example: "https://login.example/keys",
            risk: "with which anybody on the way could have others' tokens believed")
    }

    /// The key set as it is now.
    ///
    /// - Throws: ``SASLError`` with the address.
    public nonisolated(nonsending) func keySet() async throws -> [UInt8] {
        var request = URLRequest(
            url: address.url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout.timeoutInterval)
        request.setValue("application/jwk-set+json, application/json", forHTTPHeaderField: "Accept")
        func refusal(_ words: String) -> SASLError {
            SASLError(
                .credentials, mechanism: "OAUTHBEARER",
                "the keys at \(place) cannot be had: \(words); look at sasl.oauthbearer.jwks.endpoint.url")
        }
        do throws(HTTPExchange.Failure) {
            let answer = try await HTTPExchange.perform(request, limit: Self.limit)
            guard (200..<300).contains(answer.status) else {
                throw HTTPExchange.Failure.unreachable("it answered \(answer.status)")
            }
            return answer.body
        } catch {
            switch error {
            case .unreachable(let words): throw refusal(words)
            case .tooLong(let limit): throw refusal("the answer has more than \(limit) bytes")
            }
        }
    }
}

extension Duration {
    /// In seconds, as Foundation wants it, which makes whole milliseconds of it, which have to fit; nobody waits for a day.
    var timeoutInterval: Double { min(max(0.05, self / .seconds(1)), 86_400) }
}

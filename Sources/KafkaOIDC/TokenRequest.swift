import Foundation
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A request for a token, ready to be sent.
struct TokenRequest {
    /// The address without what may be secret in it, for errors.
    let place: String
    let url: URL
    let body: Secret
    let authorization: Secret?

    /// The request of a provider. Throws where the address is none, or would send secrets in the clear.
    init(_ provider: OIDCTokenProvider, wallMilliseconds: Int64, nonce: [UInt8]) throws(SASLError) {
        let address = try HTTPAddress(
            provider.endpoint, setting: "sasl.oauthbearer.token.endpoint.url",
            example: "https://login.example/oauth2/token",
            risk: "which would send the client's secret in the clear")
        url = address.url
        place = address.place
        var fields: [(String, String)] = []
        switch provider.grant {
        case .clientCredentials(let id, let secret):
            fields.append(("grant_type", "client_credentials"))
            // Each is encoded as a form's field first (RFC 6749, 2.3.1).
            let pair = "\(Self.encoded(id)):\(Self.encoded(secret.text))"
            authorization = Secret("Basic " + Base64.encode(Array(pair.utf8)))
        case .clientAssertion(let id, let assertion):
            let token = try assertion.token(wallMilliseconds: wallMilliseconds, nonce: nonce)
            fields += [
                ("grant_type", "client_credentials"), ("client_id", id),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", token.text),
            ]
            authorization = nil
        case .jwtBearer(let assertion):
            let token = try assertion.token(wallMilliseconds: wallMilliseconds, nonce: nonce)
            fields += [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", token.text),
            ]
            authorization = nil
        }
        if let scope = provider.scope, !scope.isEmpty { fields.append(("scope", scope)) }
        fields += provider.parameters.map { ($0.name, $0.value) }
        body = Secret(fields.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&"))
    }

    /// As `application/x-www-form-urlencoded` has it.
    static func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x2A: out.unicodeScalars.append(.init(byte))
            case 0x20: out += "+"
            default: out += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return out
    }

    func urlRequest(timeout: Double) -> URLRequest {
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout)
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        if let authorization { request.setValue(authorization.text, forHTTPHeaderField: "Authorization") }
        request.httpBody = Data(body.copied())
        return request
    }
}

/// What an identity provider has answered (RFC 6749, 5).
struct TokenAnswer {
    /// More than any token has.
    static let limit = 1 << 20
    let status: Int
    let place: String
    private let json: JSONValue?

    init(status: Int, body: [UInt8], from place: String) {
        self.status = status
        self.place = place
        json = try? JSONValue(body)
    }

    /// Whether the same may go well later.
    var isPassing: Bool { status >= 500 || status == 429 || status == 0 }

    /// Why there is no token, in the provider's words.
    var refusal: SASLError {
        let words = [json?["error"]?.text, json?["error_description"]?.text].compactMap { $0 }
            .map { SASLError.shown($0.utf8) }.joined(separator: ": ")
        let reason = words.isEmpty ? "" : " (\(words))"
        return SASLError(
            isPassing ? .credentials : .refused, mechanism: "OAUTHBEARER",
            "the token endpoint \(place) answered \(status)\(reason); look at the client's id and secret, and at the scope"
        )
    }

    /// The token, as of that time of day.
    func token(wallMilliseconds: Int64) throws(SASLError) -> OAuthToken {
        guard (200..<300).contains(status) else { throw refusal }
        guard let text = json?["access_token"]?.text ?? json?["id_token"]?.text, !text.isEmpty else {
            throw SASLError(
                .malformed, mechanism: "OAUTHBEARER", "the token endpoint \(place) answered without an access_token")
        }
        var token = OAuthToken(reading: Secret(text))
        // What the token says of itself counts; where it is no JWT, what is said beside it.
        if token.expiresAtMilliseconds == nil, let seconds = json?["expires_in"]?.number, seconds > 0, seconds < 1e9 {
            let (end, isBeyond) = wallMilliseconds.addingReportingOverflow(Int64(seconds * 1000))
            token.expiresAtMilliseconds = isBeyond ? .max : end
        }
        return token
    }
}

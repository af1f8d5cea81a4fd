#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An access key of AWS.
public struct AWSCredentials: Sendable {
    /// The key's id, which is no secret.
    public var accessKeyID: String
    /// The key itself.
    public var secretAccessKey: Secret
    /// The token of a role's session, where it is one.
    public var sessionToken: Secret?

    /// A key.
    public init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

/// Where an access key comes from; asked for each authentication, since sessions end.
public struct AWSCredentialsProvider: Sendable {
    let credentials: @Sendable (SASLCall) async throws -> AWSCredentials

    /// A function: of an SDK, or of the service that hands out a role's keys.
    public init(_ credentials: @escaping @Sendable (SASLCall) async throws -> AWSCredentials) {
        self.credentials = credentials
    }

    /// Always this key.
    public static func fixed(_ credentials: AWSCredentials) -> AWSCredentialsProvider {
        AWSCredentialsProvider { _ in credentials }
    }

    /// The key in the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    public static let environment = AWSCredentialsProvider { _ in
        guard let id = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            throw SASLError(
                .credentials, mechanism: "AWS_MSK_IAM",
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both in the environment")
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret(secret),
            sessionToken: variable("AWS_SESSION_TOKEN").map { Secret($0) })
    }

    /// The key of a profile in AWS's file of credentials: `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`; the
    /// profile of that name, else of `AWS_PROFILE`, else `default`. Only keys: no roles, no sign-on, no processes.
    public static func profile(_ name: String? = nil, path: String? = nil) -> AWSCredentialsProvider {
        AWSCredentialsProvider { _ in
            let profile = name ?? variable("AWS_PROFILE") ?? "default"
            let file =
                path ?? variable("AWS_SHARED_CREDENTIALS_FILE") ?? "\(variable("HOME") ?? "")/.aws/credentials"
            let text = try Secret.file(file).secret
            guard let found = text.withBytes({ read($0, profile: profile) }) else {
                throw SASLError(
                    .credentials, mechanism: "AWS_MSK_IAM",
                    "\(file) has no profile [\(SASLError.shown(profile.utf8))] with aws_access_key_id and "
                        + "aws_secret_access_key")
            }
            return found
        }
    }

    /// The key of a profile in the text of such a file.
    static func read(_ text: UnsafeRawBufferPointer, profile: String) -> AWSCredentials? {
        func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
            let start = bytes.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let last = start.lastIndex(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
                return start.prefix(0)
            }
            return start[...last]
        }
        var isHere = false
        var values: [String: Secret] = [:]
        for line in text.split(separator: 0x0A) {
            let line = trimmed(line)
            if line.first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                isHere = trimmed(line.dropFirst().dropLast()).elementsEqual(profile.utf8)
            } else if isHere, line.first != UInt8(ascii: "#"), let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(decoding: trimmed(line[..<sign]), as: UTF8.self).lowercased()
                values[name] = Secret(trimmed(line[line.index(after: sign)...]))
            }
        }
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !id.isEmpty,
            !secret.isEmpty
        else { return nil }
        let token = values["aws_session_token"]
        return AWSCredentials(
            accessKeyID: id.text, secretAccessKey: secret, sessionToken: token?.isEmpty == false ? token : nil)
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}

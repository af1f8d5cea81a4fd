extension JAASLine.Entry {
    /// Kafka's login modules, and MSK's.
    fileprivate enum Module: String {
        case plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
        case scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
        case oauthBearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
        case iam = "software.amazon.msk.auth.iam.IAMLoginModule"
    }

    /// What the entry says for the mechanism of `sasl.mechanism`.
    ///
    /// - Parameter provider: where OAUTHBEARER has its tokens from; without one, they are unsecured, as Java's are.
    /// - Throws: ``SASLError`` when module and mechanism do not belong together, or an option is missing.
    public func mechanism(
        named mechanism: String, provider: (any OAuthTokenProvider)? = nil
    ) throws(SASLError) -> any SASLMechanism {
        func error(_ message: String) -> SASLError { SASLError(.settings, mechanism: mechanism, message) }
        func option(_ name: String) throws(SASLError) -> Secret {
            guard let value = options[name], !value.isEmpty else {
                throw error("the option \(name) of \(moduleName) is missing in sasl.jaas.config")
            }
            return value
        }
        let expected: Module
        switch mechanism {
        case "PLAIN": expected = .plain
        case "SCRAM-SHA-256", "SCRAM-SHA-512": expected = .scram
        case "OAUTHBEARER": expected = .oauthBearer
        case "AWS_MSK_IAM": expected = .iam
        default:
            throw error("is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER and AWS_MSK_IAM")
        }
        guard module == expected.rawValue else {
            throw error("needs the login module \(expected.rawValue), and sasl.jaas.config has \(moduleName)")
        }
        switch expected {
        case .plain: return PlainMechanism(user: try option("username").text, password: try option("password"))
        case .scram:
            var settings = ScramMechanism.Options()
            settings.isToken = options["tokenauth"]?.text.lowercased() == "true"
            return ScramMechanism(
                mechanism == "SCRAM-SHA-256" ? .sha256 : .sha512, user: try option("username").text,
                password: try option("password"), options: settings)
        case .oauthBearer:
            if let provider { return OAuthBearerMechanism(provider) }
            return OAuthBearerMechanism(try UnsecuredTokenProvider(options: options))
        case .iam:
            let profile = options["awsProfileName"]?.text
            return AWSMSKIAMMechanism(profile.map { AWSCredentialsProvider.profile($0) } ?? .environment)
        }
    }
}

extension JAASLine {
    /// The line with which Kafka's clients log in as a user with SCRAM, or with a delegation token.
    package static func scram(user: String, password: Secret, isToken: Bool = false) -> Secret {
        Secret(
            "\(Entry.Module.scram.rawValue) required username=\(quoted(user)) password=\(quoted(password.text))"
                + (isToken ? " tokenauth=\"true\";" : ";"))
    }

    /// A text in quotes, as lines have it, and Swift and Python too.
    package static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\\" || scalar == "\"" { out += "\\" }
            out.unicodeScalars.append(scalar)
        }
        return out + "\""
    }
}

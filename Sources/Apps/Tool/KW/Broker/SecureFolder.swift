import AppSupport
import JSONLines
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `kw broker --secure` keeps in its data directory: an authority, certificates, users with passwords. Made once; a
/// certificate that ends soon, or lacks a name, is made anew.
struct SecureFolder {
    /// Its files.
    enum File: String, CaseIterable {
        /// The authority's certificate, which clients believe.
        case trust = "ca.pem"
        /// The same for Java.
        case javaTrust = "truststore.p12"
        /// The authority with its key, which signs the others.
        case authority = "authority.pem"
        /// The broker's certificate and key.
        case server = "server.pem"
        /// A client's.
        case client = "client.pem"
        /// Passwords.
        case passwords = "passwords.properties"
        case java = "client.properties"
        case librdkafka = "librdkafka.properties"
        case python = "kafka_clients.py"
        case swift = "Client.swift"
        case tool = "kw.properties"
        case administrator = "admin.properties"
    }

    static let name = "secure"
    /// Who may do everything.
    static let administrator = "admin"
    /// Who may do what developing needs.
    static let developer = "alice"
    /// Certificates that end within these seconds, 30 days, are made anew.
    private static let renewedWithin: Int64 = 30 * 86_400
    private static let authorityDays = 3650
    private static let days = 397

    let folder: PrivateFolder
    private(set) var passwords: [String: Secret] = [:]
    /// What is to be told of what was made anew.
    private(set) var remarks: [String] = []

    func path(_ file: File) -> String { folder.path(of: file.rawValue) }

    /// The password of the file that Java reads.
    var trustPassword: Secret { passwords[Self.trustPasswordName] ?? "" }
    private static let trustPasswordName = "truststore"

    /// A user's password.
    func password(of user: String) -> Secret { passwords[user] ?? "" }

    #if Security
        /// The folder in a data directory, with all that belongs in it for a broker of these hosts.
        ///
        /// - Parameters:
        ///   - now: Seconds since 1970.
        ///   - chance: What passwords are drawn from.
        /// - Throws: A sentence.
        init(
            in directory: String, hosts: [String], now: Int64, chance: inout some RandomNumberGenerator
        ) throws {
            folder = try PrivateFolder(Self.name, in: directory)
            try makePasswords(&chance)
            let authority = try makeAuthority(now, &chance)
            let names = Self.names(hosts)
            try renew(.server, "the broker's certificate", .server(names: names), names[0], authority, now)
            try renew(.client, "the client's certificate", .client, Self.developer, authority, now)
        }

        // MARK: - Certificates

        private mutating func makeAuthority(
            _ now: Int64, _ chance: inout some RandomNumberGenerator
        ) throws -> DevelopmentCA.Issued {
            if let kept = try folder.read(File.authority.rawValue) {
                let text = String(decoding: kept, as: UTF8.self)
                guard let summary = try? certificates(pem: text).first else {
                    throw PrivateFolder.Failure(
                        "\(path(.authority)) has no certificate in it: put it back, or remove \(folder.path) and give clients "
                            + "the new files")
                }
                if summary.validUntil > now &+ Self.renewedWithin {
                    let certificate = Self.certificatesAlone(text)
                    let believed = try folder.read(File.trust.rawValue)
                    if try believed != Array(certificate.utf8) || folder.read(File.javaTrust.rawValue) == nil {
                        try writeTrust(certificate)
                    }
                    return DevelopmentCA.Issued(certificate: certificate, key: Secret(text))
                }
                remarks.append(
                    "the authority in \(path(.authority)) ends at \(Self.date(summary.validUntil)), and a new one was made: "
                        + "clients need the new files")
            }
            let made = try DevelopmentCA.authority(
                named: "KafkaWire development \(Self.randomText(6, &chance))", .init(days: Self.authorityDays, now: now)
            )
            // What is believed is written behind what signs: what is missing then is made of that.
            try folder.write(File.authority.rawValue, Self.together(made))
            try writeTrust(made.certificate)
            return made
        }

        private func writeTrust(_ certificate: String) throws {
            let store = try DevelopmentCA.trustStore(of: certificate, named: "kafkawire", password: trustPassword)
            try folder.write(File.javaTrust.rawValue, store)
            try folder.write(File.trust.rawValue, certificate.utf8)
        }

        /// Makes a certificate where there is none, or none that will do.
        private mutating func renew(
            _ file: File, _ title: String, _ purpose: DevelopmentCA.Purpose, _ name: String,
            _ authority: DevelopmentCA.Issued, _ now: Int64
        ) throws {
            if let kept = try folder.read(file.rawValue) {
                guard let reason = Self.flaw(String(decoding: kept, as: UTF8.self), purpose, authority, now) else {
                    return
                }
                remarks.append("\(title) in \(path(file)) \(reason): a new one was made")
            }
            let made = try DevelopmentCA.issue(name, purpose, .init(days: Self.days, now: now), by: authority)
            try folder.write(file.rawValue, Self.together(made))
        }

        /// Why a certificate will not do: the end of a sentence; nil where it will.
        private static func flaw(
            _ text: String, _ purpose: DevelopmentCA.Purpose, _ authority: DevelopmentCA.Issued, _ now: Int64
        ) -> String? {
            guard let chain = try? certificates(pem: text), let own = chain.first,
                let signer = try? certificates(pem: authority.certificate).first
            else { return "cannot be read" }
            if own.validUntil <= now { return "ended at \(date(own.validUntil))" }
            if own.validUntil <= now &+ renewedWithin { return "ends at \(date(own.validUntil))" }
            if own.validFrom > now { return "is valid only from \(date(own.validFrom)) on" }
            if chain.last?.fingerprint != signer.fingerprint { return "is of another authority" }
            if case .server(let names) = purpose {
                let known = Set(own.hostNames.map { $0.lowercased() } + own.addresses)
                if let missing = names.first(where: { !known.contains($0) }) { return "is not for \(missing)" }
            }
            return nil
        }

        /// Key and certificates in one file: it is there whole, or not at all.
        private static func together(_ issued: DevelopmentCA.Issued) -> [UInt8] {
            issued.key.copied() + Array(issued.certificate.utf8)
        }

        /// The certificates of a file, without its key.
        private static func certificatesAlone(_ text: String) -> String {
            let mark = "-----BEGIN CERTIFICATE-----"
            return text.firstRange(of: mark).map { String(text[$0.lowerBound...]) } ?? text
        }

        private static func date(_ seconds: Int64) -> String {
            // What a certificate can say lies within; a time that cannot be read does not.
            let seconds = min(max(seconds, -(1 << 40)), 1 << 40)
            return String(Timestamp(microseconds: seconds &* 1_000_000).description.prefix(10))
        }
    #else
        /// Without OpenSSL there are no certificates.
        init(
            in directory: String, hosts: [String], now: Int64, chance: inout some RandomNumberGenerator
        ) throws {
            throw PrivateFolder.Failure(
                "--secure makes certificates with OpenSSL, which this kw was built without (the trait Security)")
        }
    #endif

    // MARK: - Names

    /// The names of the broker's certificate: what clients on this machine and others connect to.
    static func names(_ hosts: [String]) -> [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        var buffer = [CChar](repeating: 0, count: 256)
        if gethostname(&buffer, buffer.count - 1) != 0 { buffer = [0] }
        let own = buffer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        for host in [own] + hosts where !host.isEmpty && !["0.0.0.0", "::"].contains(host) {
            let name = normalised(host)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// A name in lower case, an address as certificates are shown to have it.
    private static func normalised(_ host: String) -> String {
        var address = in6_addr()
        for family in [AF_INET, AF_INET6] where inet_pton(family, host, &address) == 1 {
            var text = [CChar](repeating: 0, count: 64)
            guard inet_ntop(family, &address, &text, socklen_t(text.count)) != nil else { continue }
            return text.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return host.lowercased()
    }

    // MARK: - Passwords

    private mutating func makePasswords(_ chance: inout some RandomNumberGenerator) throws {
        let wanted = [Self.administrator, Self.developer, Self.trustPasswordName]
        let file = File.passwords.rawValue
        let kept = try folder.read(file).map { try PropertiesFile($0, path: path(.passwords)).values } ?? [:]
        for name in wanted {
            let known = kept[name].flatMap { $0.isEmpty ? nil : $0 }
            passwords[name] = Secret(known ?? Self.randomText(24, &chance))
        }
        guard wanted.contains(where: { (kept[$0] ?? "").isEmpty }) else { return }
        var text = "# The passwords of kw broker --secure: of its users, and of the store that Java reads.\n"
        for name in wanted { text += "\(name)=\(password(of: name).text)\n" }
        try folder.write(file, text.utf8)
        // A store that there is has the password of before.
        if kept.isEmpty { try folder.remove(File.javaTrust.rawValue) }
    }

    /// Letters and digits: 24 are 142 bits.
    private static func randomText(_ count: Int, _ chance: inout some RandomNumberGenerator) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var text = ""
        for _ in 0..<count { text.append(letters.randomElement(using: &chance) ?? "x") }
        return text
    }
}

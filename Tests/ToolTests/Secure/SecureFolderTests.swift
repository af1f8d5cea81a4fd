import AppSupport
import Foundation
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// What `kw broker --secure` keeps: made once, kept, and made anew where it will not do any more.
@Suite(.turn) struct SecureFolderTests {
    private static let now: Int64 = 1_800_000_000
    private static let day: Int64 = 86_400

    private func withFolder(_ body: (String) throws -> Void) throws {
        let parent = NSTemporaryDirectory() + "kw-secure-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: parent) }
        try body(parent + "/data")
    }

    private func made(
        in directory: String, hosts: [String] = ["127.0.0.1"], days: Int64 = 0
    ) throws -> SecureFolder {
        var chance = SystemRandomNumberGenerator()
        return try SecureFolder(in: directory, hosts: hosts, now: Self.now + days * Self.day, chance: &chance)
    }

    private func contents(_ folder: SecureFolder) throws -> [SecureFolder.File: Data] {
        var found: [SecureFolder.File: Data] = [:]
        for file in SecureFolder.File.allCases {
            found[file] = try? Data(contentsOf: URL(filePath: folder.path(file)))
        }
        return found
    }

    private func server(_ folder: SecureFolder) throws -> CertificateSummary {
        try #require(try certificates(pem: String(contentsOfFile: folder.path(.server), encoding: .utf8)).first)
    }

    @Test func isMadeOnceAndKept() throws {
        try withFolder { directory in
            let first = try made(in: directory)
            #expect(first.remarks.isEmpty)
            let before = try contents(first)
            #expect(
                Set(before.keys) == [.trust, .javaTrust, .authority, .server, .client, .passwords])
            let second = try made(in: directory, days: 300)
            #expect(second.remarks.isEmpty)
            #expect(try contents(second) == before)
            #expect(second.password(of: "admin") == first.password(of: "admin"))
            #expect(first.password(of: "admin") != first.password(of: "alice"))
            #expect(first.password(of: "alice").count == 24)
            let summary = try server(first)
            #expect(Set(["localhost"]).isSubset(of: summary.hostNames))
            #expect(Set(["127.0.0.1", "::1"]).isSubset(of: summary.addresses))
        }
    }

    /// What is drawn and dated is so by what was handed in, and by nothing else.
    @Test func theSameChanceDrawsTheSamePasswords() throws {
        func drawn(seed: UInt64) throws -> [String] {
            var found: [String] = []
            try withFolder { directory in
                var chance = SeededRandom(seed: seed)
                let folder = try SecureFolder(in: directory, hosts: [], now: Self.now, chance: &chance)
                let authority = try String(contentsOfFile: folder.path(.authority), encoding: .utf8)
                let summary = try #require(try certificates(pem: authority).first)
                #expect(summary.validFrom == Self.now - 3600)
                found = [summary.subject] + ["admin", "alice"].map { folder.password(of: $0).text }
            }
            return found
        }
        #expect(try drawn(seed: 7) == drawn(seed: 7))
        #expect(Set(try drawn(seed: 7) + drawn(seed: 8)).count == 6)
    }

    @Test func nobodyElseCanReadIt() throws {
        try withFolder { directory in
            let folder = try made(in: directory)
            try SecureClients(folder: folder, bootstrap: "127.0.0.1:1").write()
            func mode(_ path: String) throws -> Int {
                try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
            }
            #expect(try mode(folder.folder.path) == 0o700)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.folder.path)
            #expect(Set(names) == Set(SecureFolder.File.allCases.map(\.rawValue)))
            for name in names { #expect(try mode(folder.folder.path + "/" + name) == 0o600) }
            // Somebody opened it: closed again at the next start.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.folder.path)
            _ = try made(in: directory)
            #expect(try mode(folder.folder.path) == 0o700)
        }
    }

    /// A certificate that ends within 30 days, or has ended, is made anew by the same authority, and that is told.
    @Test(arguments: [366, 368, 396, 398, 3000] as [Int64]) func whatEndsSoonIsMadeAnew(days: Int64) throws {
        try withFolder { directory in
            let first = try made(in: directory)
            let before = try contents(first)
            let second = try made(in: directory, days: days)
            let after = try contents(second)
            let isRenewed = days >= 367
            #expect((after[.server] != before[.server]) == isRenewed)
            #expect((after[.client] != before[.client]) == isRenewed)
            #expect(after[.trust] == before[.trust])
            #expect(after[.passwords] == before[.passwords])
            #expect(second.remarks.count == (isRenewed ? 2 : 0))
            #expect(second.remarks.allSatisfy { $0.contains(days > 397 ? " ended at 20" : " ends at 20") })
            #expect(try server(second).validUntil > Self.now + (days + 30) * Self.day)
            #expect(try made(in: directory, days: days).remarks.isEmpty)
        }
    }

    @Test func anAuthorityThatEndsIsMadeAnewWithAllOfIt() throws {
        try withFolder { directory in
            let before = try contents(try made(in: directory))
            let second = try made(in: directory, days: 3640)
            let after = try contents(second)
            for file in [SecureFolder.File.authority, .trust, .javaTrust, .server, .client] {
                #expect(after[file] != before[file])
            }
            #expect(second.remarks.count == 3)
            #expect(second.remarks.first?.contains("clients need the new files") == true)
        }
    }

    @Test func aNameThatIsMissingIsAdded() throws {
        try withFolder { directory in
            _ = try made(in: directory)
            let hosts = ["0.0.0.0", "Kafka.Example", "2001:0db8:0:0:0:0:0:1"]
            let second = try made(in: directory, hosts: hosts)
            #expect(second.remarks.count == 1)
            #expect(second.remarks.first?.contains("is not for kafka.example") == true)
            #expect(try server(second).hostNames.contains("kafka.example"))
            #expect(try server(second).addresses.contains("2001:db8::1"))
            #expect(try !server(second).addresses.contains("0.0.0.0"))
            #expect(try made(in: directory, hosts: hosts).remarks.isEmpty)
        }
    }

    /// What a crash, or somebody, has left behind of it.
    @Test func whatIsMissingOrDamagedIsMadeAnew() throws {
        try withFolder { directory in
            let folder = try made(in: directory)
            let before = try contents(folder)
            for file in [SecureFolder.File.trust, .javaTrust, .server, .client] {
                try FileManager.default.removeItem(atPath: folder.path(file))
                let after = try contents(try made(in: directory))
                #expect(after[.trust] == before[.trust])
                #expect(after[file] != nil)
            }
            try Data("-----BEGIN CERTIFICATE-----\n".utf8).write(to: URL(filePath: folder.path(.server)))
            #expect(try made(in: directory).remarks.first?.contains("cannot be read") == true)
            try Data("other".utf8).write(to: URL(filePath: folder.path(.trust)))
            #expect(try contents(try made(in: directory))[.trust] == before[.trust])
            // Whom clients believe is not replaced without a word.
            try Data().write(to: URL(filePath: folder.path(.authority)))
            let error = #expect(throws: PrivateFolder.Failure.self) { try made(in: directory) }
            #expect(error?.description.contains("authority.pem has no certificate in it") == true)
        }
    }

    @Test func aFolderOfSomebodyElseIsNotUsed() throws {
        try withFolder { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/secure", withDestinationPath: NSTemporaryDirectory())
            let error = #expect(throws: PrivateFolder.Failure.self) { try made(in: directory) }
            #expect(error?.description.contains("no folder of the user") == true)
        }
    }

    /// Values with everything that the five forms have to escape.
    @Test func pathsOfAllKindsAreWritten() throws {
        let parent = NSTemporaryDirectory() + "kw-secure-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let folder = try made(in: parent + "/a b\\c \"ü\" 🦊")
        let clients = SecureClients(folder: folder, bootstrap: "a:1,b:2")
        for file in [SecureFolder.File.java, .tool, .administrator] {
            let text = try #require(clients.text(file))
            let values = try PropertiesText.values(text)
            #expect(values["ssl.truststore.location"]?.hasPrefix(folder.folder.path + "/") == true)
            #expect(text.utf8.allSatisfy { $0 < 0x80 })
            var configuration = ClientConfiguration(bootstrapServers: ["x:1"])
            #expect(try configuration.apply(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }).isEmpty)
            #expect(configuration.bootstrapServers == ["a:1", "b:2"])
            #expect(configuration.security.securityProtocol == .saslSSL)
        }
        #expect(clients.text(.librdkafka)?.contains("ssl.ca.location=\(folder.path(.trust))\n") == true)
        #expect(clients.text(.python)?.contains(#"/a b\\c \"ü\" 🦊/secure/ca.pem""#) == true)
        #expect(clients.text(.swift)?.contains(#"/a b\\c \"ü\" 🦊/secure/ca.pem""#) == true)
        for line in clients.lines + clients.paths.map(\.path) {
            for user in ["admin", "alice", "truststore"] {
                let password = try #require(folder.passwords[user]).copied()
                #expect(!line.contains(String(decoding: password, as: UTF8.self)))
            }
        }
    }
}

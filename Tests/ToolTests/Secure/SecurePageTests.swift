import Foundation
import KafkaBroker
import KafkaWire
import Logging
import TestSupport
import Testing

@testable import BrokerUI

/// The page where other machines reach it: over TLS, for the broker's users.
#if Security
    @Suite(.turn) struct SecurePageTests {
        private struct Served {
            var broker: KafkaBroker
            var page: BrokerUI
            var trust: String

            /// What a browser gets that says to be that user.
            func get(_ path: String, _ login: String?, host: String = "localhost") async throws -> String {
                var options = TLSOptions()
                options.trust = .pem(trust)
                let peer = try RawPeer.connect(to: page.port)
                let socket = try TLSContext(options).connect(over: peer.socket, host: "localhost", port: page.port)
                defer { socket.close() }
                while try socket.handshake() != .done { try await Task.sleep(for: .milliseconds(1)) }
                let who = login.map { "Authorization: Basic \(Base64.encode(Array($0.utf8)))\r\n" } ?? ""
                let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(who)\r\n".utf8)
                let sent = try request.withUnsafeBytes { try socket.write($0) }
                #expect(sent == request.count)
                var answer: [UInt8] = []
                var piece = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    guard let count = try piece.withUnsafeMutableBytes({ try socket.read(into: $0) }) else {
                        try await Task.sleep(for: .milliseconds(1))
                        continue
                    }
                    if count == 0 { return String(decoding: answer, as: UTF8.self) }
                    answer += piece[..<count]
                }
            }

            func status(_ login: String?) async throws -> String {
                try await String(get("/api/topics", login).dropFirst(9).prefix(3))
            }
        }

        private func withPage(_ mechanisms: [String], _ body: (Served) async throws -> Void) async throws {
            let validity = DevelopmentCA.Validity(days: 1, now: Int64(Date().timeIntervalSince1970))
            let authority = try DevelopmentCA.authority(named: "page", validity)
            let server = try DevelopmentCA.issue(
                "localhost", .server(names: ["localhost", "127.0.0.1"]), validity, by: authority)
            let files = try Program.file(server.key.copied() + Array(server.certificate.utf8))
            defer { files.remove() }
            var security = ListenerSecurity(name: "SASL_SSL", .saslSSL)
            security.tls = TLSServerOptions(
                identity: .pemFiles(certificate: files.path, key: files.path, password: nil))
            security.mechanisms = mechanisms
            for user in ["admin", "alice", "bob"] { security.users[user] = Secret("\(user)-plain") }
            var configuration = KafkaBroker.Configuration(topics: ["t": 1, "u": 1])
            configuration.security = security
            configuration.scramUsers = ["admin": "admin-scram", "carl": "carl-scram"]
            configuration.authorization = .on(superUsers: [KafkaPrincipal("admin")])
            configuration.acls = [
                .init(.allow, "User:alice", .all, on: .topic, "*"),
                .init(.allow, "User:alice", .all, on: .cluster, "kafka-cluster"),
                .init(.allow, "User:bob", .all, on: .topic, "t"),
                .init(.allow, "User:bob", .all, on: .cluster, "kafka-cluster"),
            ]
            let broker = try await KafkaBroker.start(configuration)
            let page = try await BrokerUI.start(broker, host: "0.0.0.0", port: 0)
            do { try await body(Served(broker: broker, page: page, trust: authority.certificate)) } catch {
                await page.stop()
                await broker.stop()
                throw error
            }
            await page.stop()
            await broker.stop()
        }

        @Test func itIsForThoseWhoMaySeeEverything() async throws {
            try await withPage(["PLAIN", "SCRAM-SHA-512"]) { served in
                #expect(served.page.asksForUser && served.page.url == "https://localhost:\(served.page.port)/")
                // A super user, by either mechanism; somebody with rules for all of it; for a part; for nothing.
                for (login, status) in [
                    ("admin:admin-plain", "200"), ("admin:admin-scram", "200"), ("alice:alice-plain", "200"),
                    ("bob:bob-plain", "403"), ("carl:carl-scram", "403"), ("carl:carl-plain", "401"),
                    ("alice:admin-plain", "401"), ("nobody:", "401"), (":", "401"),
                ] { #expect(try await served.status(login) == status, "\(login)") }
                #expect(try await served.status(nil) == "401")
                let page = try await served.get("/", "alice:alice-plain", host: "box.example:8443")
                #expect(page.hasPrefix("HTTP/1.1 200 ") && page.contains("</html>"))
                let refused = try await served.get("/page.js", nil)
                #expect(refused.hasPrefix("HTTP/1.1 401 ") && refused.contains("WWW-Authenticate: Basic realm="))
            }
        }

        /// A mechanism that no listener takes is no way in.
        @Test func passwordsAreThoseOfTheListeners() async throws {
            try await withPage(["SCRAM-SHA-512"]) { served in
                for (login, status) in [("admin:admin-plain", "401"), ("admin:admin-scram", "200")] {
                    let answer = try await served.status(login)
                    #expect(answer == status, "\(login)")
                }
            }
        }

        /// Without TLS there is no answer, and whoever says nothing keeps nobody waiting.
        @Test func strangersGetNothing() async throws {
            try await withPage(["PLAIN"]) { served in
                let (plain, silent) = (
                    try RawPeer.connect(to: served.page.port), try RawPeer.connect(to: served.page.port)
                )
                try await plain.send(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                let answer = try await plain.receive(1 << 16)
                #expect(answer.hasEnded && !String(decoding: answer.bytes, as: UTF8.self).contains("HTTP/1.1 200"))
                #expect(try await served.status("alice:alice-plain") == "200")
                for peer in [plain, silent] { peer.close() }
            }
        }
    }
#endif

import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Every block of settings in `docs/security.md` and of the README's section on it: clients take theirs, and a broker starts
/// with its own.
@Suite(.turn) struct SecurityPageTests {
    /// A block of settings, and where it begins.
    struct Block: Sendable, CustomTestStringConvertible {
        var page: String
        var line: Int
        var isServer: Bool
        var text: String
        var testDescription: String { "\(page), line \(line)" }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let blocks: [Block] = ["docs/security.md", "README.md"].flatMap(blocks(in:))

    private static func blocks(in page: String) -> [Block] {
        let text = (try? String(contentsOf: root.appending(path: page), encoding: .utf8)) ?? ""
        var found: [Block] = []
        var isInside = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                isInside = line.hasPrefix("```properties")
                if isInside {
                    found.append(Block(page: page, line: index + 1, isServer: line.contains("server"), text: ""))
                }
            } else if isInside {
                found[found.count - 1].text += line + "\n"
            }
        }
        return found
    }

    @Test func bothKindsAreThere() {
        #expect(Self.blocks.count { !$0.isServer } >= 5)
        #expect(Self.blocks.count { $0.isServer } >= 2)
        #expect(Self.blocks.contains { $0.page == "README.md" })
    }

    /// The settings, with the files that they name in a folder of their own.
    private func settings(of block: Block, in folder: String) throws -> [String: String] {
        let now = Int64(Date().timeIntervalSince1970)
        let authority = try DevelopmentCA.authority(named: "authority", .init(days: 1, now: now))
        let broker = try DevelopmentCA.issue(
            "broker", .server(names: ["127.0.0.1"]), .init(days: 1, now: now), by: authority, password: "changeit")
        let client = try DevelopmentCA.issue(
            "me", .client, .init(days: 1, now: now), by: authority, password: "changeit")
        let files: [String: [UInt8]] = [
            "ca.pem": Array(authority.certificate.utf8),
            "ca.p12": try DevelopmentCA.trustStore(of: authority.certificate, named: "ca", password: "changeit"),
            "broker.p12": broker.pkcs12 ?? [], "broker.pem": broker.key.copied() + Array(broker.certificate.utf8),
            "client.p12": client.pkcs12 ?? [], "client.pem": client.key.copied() + Array(client.certificate.utf8),
        ]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)")) }
        let values = try PropertiesText.values(block.text)
        #expect(!values.isEmpty)
        return values.mapValues { $0.replacing("/etc/kafka/", with: folder + "/") }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "kw-page-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test(arguments: blocks.filter { !$0.isServer }) func clientsTakeTheirs(block: Block) async throws {
        try await withFolder { folder in
            let values = try settings(of: block, in: folder).sorted { $0.key < $1.key }
            var configuration = ClientConfiguration(bootstrapServers: ["127.0.0.1:1"])
            #expect(try configuration.apply(values.map { (name: $0.key, value: $0.value) }) == [])
            #expect(configuration.security.securityProtocol != .plaintext)
            // The files are read, and say what they are to say.
            let security = try ConnectionSecurity(configuration.security)
            #expect((security.sasl != nil) == configuration.security.securityProtocol.hasSASL)
        }
    }

    @Test(arguments: blocks.filter(\.isServer)) func aBrokerStartsWithItsOwn(block: Block) async throws {
        try await withFolder { folder in
            var values = try settings(of: block, in: folder)
            // On free ports of this machine.
            let ports = #/:\d{4}\b/#
            values["listeners"] = values["listeners"]?.replacing(ports, with: ":0").replacing(
                "0.0.0.0", with: "127.0.0.1")
            var configuration = BrokerConfiguration()
            let report = try configuration.apply(values)
            #expect(report.withoutEffect == [])
            let broker = try await KafkaBroker.start(configuration)
            await broker.stop()
        }
    }
}

import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw api-versions`: which APIs each broker speaks, as `kafka-broker-api-versions` tells it.
struct APIVersionsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-versions", abstract: "Show which versions of which APIs each broker speaks.",
        discussion:
            "What is usable is what this program speaks, too. Definitions alone, without a broker: kw explain --apis.")

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    func perform(_ tool: Tool) async throws {
        let admin = try await tool.admin(cluster)
        let nodes = try await admin.describeCluster().nodes.sorted { $0.id < $1.id }
        var failures = Failures()
        var documents: [String] = []
        for node in nodes {
            do throws(KafkaError) {
                let answer = try await admin.send(ApiVersionsRequest.own, to: .broker(node.id)).response
                guard answer.errorCode == .none else {
                    failures.add("broker \(node.id) (\(node.address)) answers \(answer.errorCode.name)")
                    continue
                }
                let text = APIVersionsText(answer)
                if output.json {
                    documents.append(text.json(node))
                } else {
                    tool.console.line(tool.shown(text.head(node)))
                }
                if !output.json { text.lines.forEach(tool.console.line) }
            } catch { failures.add(error) }
        }
        if output.json { tool.console.line(JSONText.array(documents)) }
        try failures.finish()
    }
}

extension ApiVersionsRequest {
    /// With the names that newer versions want (KIP-511).
    fileprivate static var own: ApiVersionsRequest {
        .with {
            $0.clientSoftwareName = "kw"
            $0.clientSoftwareVersion = kafkaWireVersion
        }
    }
}

/// What a broker has answered, in the lines of Kafka's tool.
struct APIVersionsText {
    private struct Entry {
        var key: APIKey
        var name: String
        /// Nil where the broker does not speak it.
        var versions: (least: Int16, most: Int16)?
        /// The versions that this library speaks; nil where it does not know the API.
        var own: ClosedRange<Int16>?
    }

    private let entries: [Entry]

    init(_ response: ApiVersionsResponse) {
        var spoken: [APIKey: (least: Int16, most: Int16)] = [:]
        for entry in response.apiKeys { spoken[APIKey(rawValue: entry.apiKey)] = (entry.minVersion, entry.maxVersion) }
        let known = API.all.map { Entry(key: $0.key, name: $0.name, versions: spoken[$0.key], own: $0.stableVersions) }
        let others = spoken.filter { API.of($0.key) == nil }.map {
            Entry(key: $0.key, name: "UNKNOWN", versions: $0.value)
        }
        entries = (known + others).sorted { $0.key < $1.key }
    }

    /// The line above the APIs.
    func head(_ node: KafkaAdmin.ClusterDescription.Node) -> String {
        "\(node.address) (id: \(node.id) rack: \(node.rack ?? "null") isFenced: \(node.isFenced)) -> ("
    }

    /// The APIs, and the end.
    var lines: [String] {
        entries.enumerated().map { "\t\(Self.text($0.element))\($0.offset == entries.count - 1 ? "" : ",")" } + [")"]
    }

    private static func text(_ entry: Entry) -> String {
        let head = "\(entry.name)(\(entry.key.rawValue)): "
        guard let versions = entry.versions else { return head + "UNSUPPORTED" }
        let range =
            versions.least == versions.most ? "\(versions.least)" : "\(versions.least) to \(versions.most)"
        guard let own = entry.own else { return head + range }
        return head + range + " [\(usable(versions, own).map { "usable: \($0)" } ?? unusable(versions, own))]"
    }

    private static func usable(_ theirs: (least: Int16, most: Int16), _ own: ClosedRange<Int16>) -> Int16? {
        own.upperBound < theirs.least || theirs.most < own.lowerBound ? nil : min(own.upperBound, theirs.most)
    }

    private static func unusable(_ theirs: (least: Int16, most: Int16), _ own: ClosedRange<Int16>) -> String {
        own.upperBound < theirs.least ? "unusable: node too new" : "unusable: node too old"
    }

    func json(_ node: KafkaAdmin.ClusterDescription.Node) -> String {
        JSONText.object([
            ("id", "\(node.id)"), ("address", JSONText.string(node.address)), ("rack", JSONText.string(node.rack)),
            ("isFenced", "\(node.isFenced)"),
            (
                "apis",
                JSONText.array(
                    entries.map { entry in
                        let usable = entry.versions.flatMap { theirs in entry.own.flatMap { Self.usable(theirs, $0) } }
                        return JSONText.object([
                            ("api", "\(entry.key.rawValue)"), ("name", JSONText.string(entry.name)),
                            ("min", entry.versions.map { "\($0.least)" } ?? "null"),
                            ("max", entry.versions.map { "\($0.most)" } ?? "null"),
                            ("usable", usable.map { "\($0)" } ?? "null"),
                        ])
                    })
            ),
        ])
    }
}

import AppSupport
import ArgumentParser
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension CompletionKind {
    /// The topics of the cluster that the line names so far.
    package static var topicNames: CompletionKind { asking { try await $0.listTopics(internals: false).map(\.name) } }

    /// The groups of the cluster that the line names so far.
    package static var groupNames: CompletionKind { asking { try await $0.listGroups().elements.map(\.id) } }

    /// Clusters: the environment's, this machine's, and the brokers of the one that is named already.
    package static var clusterAddresses: CompletionKind {
        .custom { words, index, _ in
            let brokers = await ClusterCompletion.names(words, index) { admin in
                try await admin.describeCluster().brokers.sorted { $0.key < $1.key }.map(\.value)
            }
            let known = [getenv("KAFKA_BOOTSTRAP").map { String(cString: $0) }, "localhost:9092"].compactMap(\.self)
            var all: [String] = []
            for address in known + brokers where !all.contains(address) { all.append(address) }
            return all
        }
    }

    private static func asking(
        _ question: @escaping @Sendable (KafkaAdmin) async throws -> [String]
    ) -> CompletionKind {
        .custom { words, index, _ in await ClusterCompletion.names(words, index, question) }
    }
}

/// What a shell offers while a person types: names that a cluster knows, soon or not at all.
enum ClusterCompletion {
    /// Longer a person does not wait behind the Tab key.
    private static let patience = Duration.milliseconds(300)

    /// The names that the cluster of the words gives in time; none where anything goes wrong. The word at `index` is the
    /// one that is being typed.
    static func names(
        _ words: [String], _ index: Int, _ question: @escaping @Sendable (KafkaAdmin) async throws -> [String]
    ) async -> [String] {
        let (answers, continuation) = AsyncStream.makeStream(of: [String].self)
        let asking = Task {
            if let admin = client(words, index) {
                continuation.yield((try? await question(admin)) ?? [])
                await admin.close()
            }
            continuation.finish()
        }
        let waiting = Task {
            try? await Task.sleep(for: patience)
            continuation.finish()
        }
        defer {
            asking.cancel()
            waiting.cancel()
        }
        // Names that are no plain text would need quoting that shells do differently.
        for await names in answers {
            return names.filter { $0.utf8.allSatisfy { (0x21..<0x7F).contains($0) } }.sorted()
        }
        return []
    }

    private static func client(_ words: [String], _ index: Int) -> KafkaAdmin? {
        guard let options = options(words, index), let settings = try? options.settings() else { return nil }
        var configuration = ClientConfiguration(bootstrapServers: options.bootstrap(settings))
        configuration.clientId = "kw-completion"
        configuration.connectTimeout = patience
        configuration.requestTimeout = patience
        configuration.apiTimeout = patience
        return try? KafkaAdmin(configuration)
    }

    /// The words' options that name a cluster. The others, and a half-typed one, are no matter.
    static func options(_ words: [String], _ index: Int) -> ClusterOptions? {
        var arguments: [String] = []
        for (at, word) in words.enumerated() where at != index && at + 1 != index {
            let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
            guard ["--bootstrap-server", "--bootstrap-servers", "-b", "--command-config"].contains(name) else {
                continue
            }
            if word.contains("=") {
                arguments.append(unquoted(word))
            } else if at + 1 < words.count {
                arguments += [word, unquoted(words[at + 1])]
            }
        }
        return try? ClusterOptions.parse(arguments)
    }

    /// A word as the shell would pass it on; quotation marks within it are rare enough.
    private static func unquoted(_ word: String) -> String {
        for mark in ["\"", "'"] where word.count > 1 && word.hasPrefix(mark) && word.hasSuffix(mark) {
            return String(word.dropFirst().dropLast())
        }
        return word
    }
}

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
    /// The names of the settings of these configurations, with the `=` that their values stand behind.
    package static func settings(of sides: [SettingName.Side]) -> CompletionKind {
        .list(SettingName.names(of: sides).map { "\($0)=" })
    }

    /// The topics of the cluster that the line names so far.
    package static var topicNames: CompletionKind { asking { try await $0.listTopics(internals: false).map(\.name) } }

    /// The groups of the cluster that the line names so far.
    package static var groupNames: CompletionKind { asking { try await $0.listGroups().elements.map(\.id) } }

    /// Clusters: the environment's, this machine's, and the brokers of the one that is named already.
    package static var clusterAddresses: CompletionKind {
        .custom { words, index, _ in
            let brokers = ClusterCompletion.names(words, index) { admin in
                try await admin.describeCluster().brokers.map(\.value)
            }
            let known = [getenv("KAFKA_BOOTSTRAP").map { String(cString: $0) }, "localhost:9092"].compactMap(\.self)
            var all: [String] = []
            for address in known + brokers where !all.contains(address) { all.append(address) }
            return all
        }
    }

    // Not the parser's asynchronous kind: a command that has one can only be parsed asynchronously, tests included.
    private static func asking(
        _ question: @escaping @Sendable (KafkaAdmin) async throws -> [String]
    ) -> CompletionKind {
        .custom { words, index, _ in ClusterCompletion.names(words, index, question) }
    }
}

/// What a shell offers while a person types: names that a cluster knows, soon or not at all.
enum ClusterCompletion {
    /// Longer a person does not wait behind the Tab key.
    private static let patience: Int32 = 300

    /// The names that the cluster of the words gives in time; none where anything goes wrong. The word at `index` is the
    /// one that is being typed. Blocks for 300 ms at most.
    static func names(
        _ words: [String], _ index: Int, _ question: @escaping @Sendable (KafkaAdmin) async throws -> [String]
    ) -> [String] {
        guard let admin = client(words, index) else { return [] }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return [] }
        let (reading, writing) = (ends[0], ends[1])
        let answer = Locked<[String]>([])
        let asking = Task.detached {
            let names = (try? await question(admin)) ?? []
            answer.withLock { $0 = names }
            // Its end is what the other side waits for.
            close(writing)
            await admin.close()
        }
        var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        let isAnswered = poll(&entry, 1, patience) > 0
        close(reading)
        guard isAnswered else {
            asking.cancel()
            return []
        }
        // Names that are no plain text would need quoting that shells do differently.
        return answer.withLock { $0 }.filter { $0.utf8.allSatisfy { (0x21..<0x7F).contains($0) } }.sorted()
    }

    private static func client(_ words: [String], _ index: Int) -> KafkaAdmin? {
        let options = options(words, index)
        guard let settings = try? options.settings() else { return nil }
        var configuration = ClientConfiguration(bootstrapServers: options.bootstrap(settings))
        configuration.clientId = "kw-completion"
        configuration.connectTimeout = .milliseconds(patience)
        configuration.requestTimeout = .milliseconds(patience)
        configuration.apiTimeout = .milliseconds(patience)
        return try? KafkaAdmin(configuration)
    }

    /// The words' options that name a cluster. The others, and a half-typed one, are no matter.
    static func options(_ words: [String], _ index: Int) -> ClusterOptions {
        var options = ClusterOptions()
        options.bootstrapServer = nil
        options.commandConfig = nil
        for (at, word) in words.enumerated() where at != index {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard let name = parts.first else { continue }
            var value: String?
            if parts.count == 2 {
                value = unquoted(String(parts[1]))
            } else if at + 1 < words.count, at + 1 != index {
                value = unquoted(words[at + 1])
            }
            switch name {
            case "--bootstrap-server", "--bootstrap-servers", "-b": options.bootstrapServer = value
            case "--command-config": options.commandConfig = value
            default: break
            }
        }
        return options
    }

    /// A word as the shell would pass it on; quotation marks within it are rare enough.
    private static func unquoted(_ word: String) -> String {
        for mark in ["\"", "'"] where word.count > 1 && word.hasPrefix(mark) && word.hasSuffix(mark) {
            return String(word.dropFirst().dropLast())
        }
        return word
    }
}

import Foundation
import TestSupport
import Testing

/// The listings of the guide and of the README are what `kw explain` prints: each `$ kw explain …` in a block of code is
/// run, and what follows compared. `scripts/guide.sh write` runs this with KAFKAWIRE_WRITE_LISTINGS set, and the articles
/// are written anew instead.
@Suite(.turn) struct GuideTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let catalog = "docs/KafkaByteByByte.docc/"
    private static let writes = ProcessInfo.processInfo.environment["KAFKAWIRE_WRITE_LISTINGS"] != nil
    static let articles =
        ["README.md"]
        + ((try? FileManager.default.contentsOfDirectory(atPath: root.path + "/" + catalog)) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted().map { catalog + $0 }

    @Test func allArticlesAreThere() throws {
        #expect(Self.articles.count == 9)
        let listings = try Self.articles.map { try Article(Self.root.appending(path: $0)).listings.count }
        #expect(listings.reduce(0, +) >= 40)
    }

    @Test(arguments: articles)
    func listingsAreWhatTheCommandsPrint(article name: String) throws {
        let url = Self.root.appending(path: name)
        var article = try Article(url)
        for index in article.listings.indices {
            let command = article.listings[index].command
            let printed = try Self.printed(by: command)
            if Self.writes {
                article.listings[index].output = printed
            } else {
                #expect(article.listings[index].output == printed, "\(name): $ \(command)")
            }
        }
        if Self.writes { try article.text.write(to: url, atomically: true, encoding: .utf8) }
    }

    /// What a person who stands in the project's folder sees.
    private static func printed(by command: String) throws -> [String] {
        var words = command.split(separator: " ").map(String.init)
        try #require(words.removeFirst() == "kw")
        for index in words.indices where words[index].hasPrefix("Fixtures/") {
            words[index] = root.appending(path: words[index]).path
        }
        let outcome = try Program.kw(words)
        // 1 says that the bytes were explained and are wrong, which one of the listings is about.
        #expect(outcome.status == 0 || outcome.status == 1 && outcome.output.contains("broken at"), "\(outcome.error)")
        return outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

/// An article, cut into the listings and what stands between them.
private struct Article {
    /// A command and what it prints.
    struct Listing {
        var command: String
        var output: [String]
    }

    /// The text before the first listing, between two, and after the last one: one more than there are listings.
    private var prose: [[String]] = [[]]
    var listings: [Listing] = []

    init(_ url: URL) throws {
        var lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")[...]
        var isCode = false
        while let line = lines.popFirst() {
            if line.hasPrefix("```") { isCode.toggle() }
            guard isCode, line.hasPrefix("$ kw explain ") else {
                prose[prose.count - 1].append(line)
                continue
            }
            // Up to the end of the block or to its next command, with a blank line in front.
            var output = Array(lines.prefix { $0 != "```" && !$0.hasPrefix("$ ") })
            if lines.dropFirst(output.count).first != "```", output.last == "" { output.removeLast() }
            lines = lines.dropFirst(output.count)
            listings.append(Listing(command: String(line.dropFirst(2)), output: output))
            prose.append([])
        }
    }

    var text: String {
        var lines = prose[0]
        for (listing, after) in zip(listings, prose.dropFirst()) {
            lines += ["$ " + listing.command] + listing.output + after
        }
        return lines.joined(separator: "\n")
    }
}

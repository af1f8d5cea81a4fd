import Foundation

/// The articles of a catalogue (`Sources/MODULE/MODULE.docc`), and the listings in them: each block of Swift stands behind a
/// comment that names a listing of the tests, whose text it is.
///
///     <!-- listing: NAME -->          in the article, in front of the block
///     // listing: NAME … // end       in a Swift file of the tests
///
/// Blocks of Swift that are another client's have `<!-- other client -->` in front.
package struct Articles {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The listings by name, without the spaces that all lines begin with.
    package private(set) var listings: [String: [String]] = [:]
    /// What does not hold, as sentences.
    package private(set) var objections: [String] = []
    /// How many blocks were compared.
    package private(set) var compared = 0
    private var used: Set<String> = []

    /// Holds the articles of these modules to the listings in Swift files of these folders below `Tests`; or, with `writes`,
    /// writes the articles anew. Names of listings begin with one of `prefixes`; others are somebody else's.
    package init(of modules: [String], listingsIn sources: [String], prefixes: [String], writes: Bool) throws {
        for source in sources { try readListings(Self.root.appending(path: "Tests/\(source)")) }
        for module in modules {
            let folder = Self.root.appending(path: "Sources/\(module)/\(module).docc")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            for name in names where name.hasSuffix(".md") {
                try read(folder.appending(path: name), "\(module)/\(name)", prefixes, writes)
            }
        }
        for name in listings.keys.sorted() where !used.contains(name) {
            objections.append("no article shows the listing \(name)")
        }
    }

    private mutating func readListings(_ file: URL) throws {
        var name: String?
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("// listing: ") {
                let found = String(text.dropFirst("// listing: ".count))
                if listings[found] != nil { objections.append("\(file.lastPathComponent): \(found) is there twice") }
                listings[found] = []
                name = found
            } else if text == "// end", let listing = name {
                listings[listing] = Self.unindented(listings[listing] ?? [])
                name = nil
            } else if let name {
                listings[name]?.append(line)
            }
        }
        if let name { objections.append("\(file.lastPathComponent): \(name) has no end") }
    }

    /// The lines without the spaces that all of them begin with.
    private static func unindented(_ lines: [String]) -> [String] {
        let indents = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }
        return lines.map { String($0.dropFirst(indents.min() ?? 0)) }
    }

    private mutating func read(_ file: URL, _ name: String, _ prefixes: [String], _ writes: Bool) throws {
        var lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")[...]
        var written: [String] = []
        var mark = ""
        while let line = lines.popFirst() {
            written.append(line)
            guard line == "```swift" else {
                if !line.isEmpty { mark = line }
                continue
            }
            let block = Array(lines.prefix { $0 != "```" })
            lines = lines.dropFirst(block.count)
            let shown = listing(mark, block, name, prefixes)
            written += writes ? shown : block
            if let end = lines.popFirst() { written.append(end) }
            mark = ""
        }
        if writes { try written.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8) }
    }

    /// What the block should be.
    private mutating func listing(
        _ mark: String, _ block: [String], _ article: String, _ prefixes: [String]
    ) -> [String] {
        if mark == "<!-- other client -->" { return block }
        guard mark.hasPrefix("<!-- listing: "), mark.hasSuffix(" -->") else {
            objections.append("\(article): a block of Swift names no listing: \(block.first ?? "")")
            return block
        }
        let name = String(mark.dropFirst("<!-- listing: ".count).dropLast(" -->".count))
        guard let listing = listings[name] else {
            if prefixes.contains(where: { name.hasPrefix($0) }) {
                objections.append("\(article): there is no listing \(name)")
            }
            return block
        }
        used.insert(name)
        compared += 1
        if listing != block { objections.append("\(article): \(name) is not what compiles; scripts/guide.sh write") }
        return listing
    }
}

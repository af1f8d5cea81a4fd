import AppSupport
import ArgumentParser
import JSONLines
import ToolKit

/// The settings that `kw configs --alter` sets and takes away.
struct ConfigChanges: Equatable {
    /// What is set, in the order in which it was given; of a name that comes twice the last value counts.
    var added: [String: String] = [:]
    var deleted: [String] = []

    /// Reads `--add-config`, the file of `--add-config-file`, and `--delete-config`.
    init(add: String?, file: String?, delete: [String]) throws {
        if let file {
            let properties = try PropertiesFile(try FileContent.bytes(file), path: file)
            for entry in properties.entries { added[entry.name] = entry.value }
        }
        if let add { for (name, value) in try Self.pairs(add) { added[name] = value } }
        deleted = delete.flatMap { $0.split(separator: ",") }.map { Self.trimmed($0) }.filter { !$0.isEmpty }
        for name in added.keys.sorted() where !name.utf8.allSatisfy(Self.isOfName) {
            throw ValidationError(
                "\(SafeText.line(name)) is no setting's name: letters, digits, dots, dashes, underscores")
        }
        if let name = deleted.first(where: { added[$0] != nil }) {
            throw ValidationError("\(name) is both set and deleted; do one of them")
        }
    }

    /// `a=b,c=[d,e]`: commas in brackets part nothing, and the brackets are not of the value.
    static func pairs(_ text: String) throws -> [(name: String, value: String)] {
        var parts: [String] = [""]
        var isInBrackets = false
        for character in text {
            if character == "[" { isInBrackets = true } else if character == "]" { isInBrackets = false }
            if character == ",", !isInBrackets { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        if isInBrackets { throw ValidationError("--add-config: a [ has no ]") }
        return try parts.enumerated().map { index, part in
            guard let sign = part.firstIndex(of: "="), sign != part.startIndex else {
                throw ValidationError(
                    "--add-config: write each setting as NAME=VALUE, with commas between settings"
                        + bracketed(parts, index))
            }
            let value = part[part.index(after: sign)...]
            let isGrouped = value.contains("[")
            if !isGrouped, value.contains("="), !value.contains("password=") {
                throw ValidationError(
                    "--add-config: write each setting as NAME=VALUE; a value with = in it stands in brackets, NAME=[VALUE]"
                )
            }
            return (trimmed(part[..<sign]), trimmed(Substring(value.filter { $0 != "[" && $0 != "]" })))
        }
    }

    /// What was meant where commas stand in a value: `; for one value with commas write cleanup.policy=[compact,delete]`.
    private static func bracketed(_ parts: [String], _ index: Int) -> String {
        guard let start = parts[..<index].lastIndex(where: { $0.contains("=") }) else { return "" }
        let rest = parts[(start + 1)...].prefix { !$0.contains("=") && !trimmed($0[...]).isEmpty }
        let words = parts[start].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard !rest.isEmpty, words.count == 2, !words[1].contains("[") else { return "" }
        let values = ([String(words[1])] + rest).map { trimmed($0[...]) }.joined(separator: ",")
        return SafeText.line("; for one value with commas write \(trimmed(words[0]))=[\(values)]")
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// A Java stack trace, as Connect gives it for what FAILED.
package struct Trace: Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// The exceptions, outermost first, each without its frames: `ConnectException: it went wrong`.
    package var exceptions: [String] {
        var found: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.first == "\t" || line.first == " " { continue }
            let isCause = line.hasPrefix("Caused by: ")
            if found.isEmpty || isCause {
                found.append(Self.withoutPackage(isCause ? line.dropFirst("Caused by: ".count) : line))
            } else {
                // A message of several lines.
                found[found.count - 1] += " " + line
            }
        }
        return found
    }

    /// The outermost exception: what a table shows.
    package var firstLine: String { exceptions.first ?? "" }

    /// Why it came to that, in a sentence: the outermost exception, and the innermost, where they are different.
    package var cause: String {
        let all = exceptions
        guard let first = all.first, let last = all.last else { return "Connect gives no reason" }
        let inner = Self.message(last) ?? last
        if all.count == 1 || first.contains(inner) { return first }
        return "\(first): \(last)"
    }

    /// `org.apache.kafka.connect.errors.ConnectException: x` without the package's name.
    private static func withoutPackage(_ line: Substring) -> String {
        let name = line.prefix { $0 != ":" && !$0.isWhitespace }
        guard let dot = name.lastIndex(of: "."), name.hasSuffix("Exception") || name.hasSuffix("Error") else {
            return String(line)
        }
        return String(line[line.index(after: dot)...])
    }

    private static func message(_ exception: String) -> String? {
        guard let colon = exception.firstRange(of: ": ") else { return nil }
        return String(exception[colon.upperBound...])
    }
}

import AppSupport
import ClientSetup
import KafkaWire
import ToolKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Lines as kafka-console-producer reads them (`LineMessageReader`): headers, key and value between separators, and a
/// marker that stands for null. Lines are bytes; nothing is made of what is no UTF-8.
///
/// ```
/// h1:v1,h2:v2	key	value
/// ```
package struct LineParser: Sendable {
    package private(set) var parsesKey = false
    package private(set) var parsesHeaders = false
    private var ignoresErrors = false
    private var keySeparator = Array("\t".utf8)
    private var headersDelimiter = Array("\t".utf8)
    private var headersSeparator = Array(",".utf8)
    private var headerKeySeparator = Array(":".utf8)
    private var nullMarker: [UInt8]?

    package init() {}

    /// The names of the properties, for suggestions.
    package static let propertyNames = [
        "parse.key", "key.separator", "parse.headers", "headers.delimiter", "headers.separator",
        "headers.key.separator", "ignore.error", "null.marker",
    ]

    /// Takes a property (`--reader-property`); false where there is none of that name, which Kafka passes over.
    package mutating func apply(_ name: String, _ text: String) -> Bool {
        // As Java: whatever is not "true" is false.
        let flag = NamedSettings.trimmed(text).lowercased() == "true"
        switch name {
        case "parse.key": parsesKey = flag
        case "parse.headers": parsesHeaders = flag
        case "ignore.error": ignoresErrors = flag
        case "key.separator": keySeparator = Array(text.utf8)
        case "headers.delimiter": headersDelimiter = Array(text.utf8)
        case "headers.separator": headersSeparator = Array(text.utf8)
        case "headers.key.separator": headerKeySeparator = Array(text.utf8)
        case "null.marker": nullMarker = Array(text.utf8)
        // Kafka's tool puts the topic among them.
        case "topic": break
        default: return false
        }
        return true
    }

    /// Throws where two separators are the same, so that nobody could tell them apart.
    package func check() throws(RenderFailure) {
        let all: [(String, [UInt8]?)] = [
            ("headers.delimiter", headersDelimiter), ("headers.separator", headersSeparator),
            ("headers.key.separator", headerKeySeparator), ("null.marker", nullMarker),
        ]
        for (index, one) in all.enumerated() {
            for other in all[(index + 1)...] where one.1 != nil && one.1 == other.1 {
                throw RenderFailure("\(one.0) and \(other.0) are the same; nobody could tell them apart")
            }
        }
        if keySeparator == nullMarker {
            throw RenderFailure("key.separator and null.marker are the same; nobody could tell them apart")
        }
        for (name, separator) in all + [("key.separator", keySeparator)] where separator?.isEmpty == true {
            // Java finds an empty separator in front of everything; an empty marker makes empty fields null.
            guard name != "null.marker" else { continue }
            throw RenderFailure("\(name) is empty; nothing would be parted by it")
        }
    }

    /// A line's parts, which lie in the line.
    package struct Parts {
        package var key: UnsafeRawBufferPointer?
        package var value: UnsafeRawBufferPointer?
        package var headers: [RecordHeader] = []

        /// A value and nothing else.
        package init(value: UnsafeRawBufferPointer?) { self.value = value }
    }

    /// Whether a line is a value and nothing else.
    package var isPlain: Bool { !parsesKey && !parsesHeaders && nullMarker == nil }

    /// Takes a line apart. Throws a sentence that names its number where a separator is missing.
    package func parse(_ line: UnsafeRawBufferPointer, number: Int) throws(RenderFailure) -> Parts {
        var parts = Parts(value: nil)
        var at = 0
        if parsesHeaders {
            if let place = Self.find(headersDelimiter, in: line, from: 0) {
                let headers = Self.part(line, 0, place)
                if !isNull(headers) { parts.headers = try self.headers(headers, number) }
                at = place + headersDelimiter.count
            } else if !ignoresErrors {
                throw missing("headers delimiter", headersDelimiter, line, number)
            }
        }
        if parsesKey {
            if let place = Self.find(keySeparator, in: line, from: at) {
                let key = Self.part(line, at, place)
                parts.key = isNull(key) ? nil : key
                at = place + keySeparator.count
            } else if !ignoresErrors {
                throw missing("key separator", keySeparator, line, number)
            }
        }
        let value = Self.part(line, at, line.count)
        parts.value = isNull(value) ? nil : value
        return parts
    }

    private func headers(_ text: UnsafeRawBufferPointer, _ number: Int) throws(RenderFailure) -> [RecordHeader] {
        var pairs: [UnsafeRawBufferPointer] = []
        var at = 0
        while let place = Self.find(headersSeparator, in: text, from: at) {
            pairs.append(Self.part(text, at, place))
            at = place + headersSeparator.count
        }
        pairs.append(Self.part(text, at, text.count))
        // As Java splits: empty ones at the end do not count, unless there is nothing else.
        while pairs.count > 1, pairs.last?.isEmpty == true { pairs.removeLast() }
        var headers: [RecordHeader] = []
        for pair in pairs {
            guard let place = Self.find(headerKeySeparator, in: pair, from: 0) else {
                guard ignoresErrors else { throw missing("header key separator", headerKeySeparator, pair, number) }
                headers.append(RecordHeader(String(decoding: pair, as: UTF8.self), nil))
                continue
            }
            let key = Self.part(pair, 0, place)
            guard !isNull(key) else {
                throw RenderFailure("line \(number): a header's key cannot be null, and one is the null.marker")
            }
            let value = Self.part(pair, place + headerKeySeparator.count, pair.count)
            headers.append(
                RecordHeader(String(decoding: key, as: UTF8.self), isNull(value) ? nil : Bytes(Array(value))))
        }
        return headers
    }

    private func missing(
        _ what: String, _ separator: [UInt8], _ text: UnsafeRawBufferPointer, _ number: Int
    ) -> RenderFailure {
        let shown = SafeText.line(text.prefix(60)) + (text.count > 60 ? "…" : "")
        return RenderFailure(
            "line \(number) has no \(what) \"\(SafeText.line(separator))\": \"\(shown)\"; set ignore.error=true to send "
                + "such lines all the same")
    }

    private func isNull(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let nullMarker, part.count == nullMarker.count else { return false }
        return part.elementsEqual(nullMarker)
    }

    private static func part(_ line: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        // An empty part is not null: it points somewhere.
        guard let base = line.baseAddress else { return line }
        return UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Where `text` stands first, from `start` on.
    private static func find(_ text: [UInt8], in line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let first = text.first, let base = line.baseAddress else { return nil }
        var at = start
        while at + text.count <= line.count {
            guard let found = memchr(base + at, Int32(first), line.count - text.count + 1 - at) else { return nil }
            let place = UnsafeRawPointer(found) - base
            if text.count == 1 || part(line, place, place + text.count).elementsEqual(text) { return place }
            at = place + 1
        }
        return nil
    }
}

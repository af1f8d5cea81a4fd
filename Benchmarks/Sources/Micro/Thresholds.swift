#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The committed limits (`Benchmarks/thresholds.tsv`): what a row may be at most, and who says so.
struct Thresholds {
    struct Limit {
        var most: Double
        /// Where the limit comes from.
        var source: String
    }

    enum Failure: Error, CustomStringConvertible {
        case unreadable(String)
        case malformed(line: Int, String)

        var description: String {
            switch self {
            case .unreadable(let path): "the thresholds \(path) cannot be read"
            case .malformed(let line, let text):
                "thresholds, line \(line): name, limit, unit and source are wanted, between tabs: \(text)"
            }
        }
    }

    private(set) var limits: [String: Limit] = [:]

    /// Reads lines of a name, a limit, its unit and its source, between tabs. Lines that begin with # are comments.
    init(path: String) throws(Failure) {
        guard let file = fopen(path, "r") else { throw .unreadable(path) }
        defer { fclose(file) }
        var line = 0
        while let text = Self.line(of: file) {
            line += 1
            if text.isEmpty || text.hasPrefix("#") { continue }
            let parts = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, let most = Double(parts[1]) else { throw .malformed(line: line, text) }
            limits[parts[0]] = Limit(most: most, source: parts[3])
        }
    }

    private static func line(of file: UnsafeMutablePointer<FILE>) -> String? {
        var bytes: [UInt8] = []
        while true {
            let byte = getc(file)
            if byte == EOF { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            if byte == 10 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(UInt8(truncatingIfNeeded: byte))
        }
    }
}

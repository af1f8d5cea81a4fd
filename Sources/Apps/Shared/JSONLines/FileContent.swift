#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a file could not be used, as a sentence.
package struct FileError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Files read whole.
package enum FileContent {
    /// More than any file of vectors or captured bytes; what is larger was given by mistake.
    private static let limit = 1 << 30

    /// The bytes of the file at `path`; `-` is standard input.
    package static func bytes(_ path: String) throws(FileError) -> [UInt8] {
        if path == "-" { return try all(STDIN_FILENO, "standard input") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        return try all(descriptor, path)
    }

    /// The bytes of the file at `path`, of which there may be `limit`. Nothing but a file: a pipe could hold up whoever reads.
    package static func regular(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError("\(path) is no file") }
        guard status.st_size <= limit else { throw FileError("\(path) is larger than \(limit) bytes") }
        let content = try all(descriptor, path, atMost: limit)
        guard content.count <= limit else { throw FileError("\(path) is larger than \(limit) bytes") }
        return content
    }

    /// The lines that are not empty, each with its number, which counts from 1. Cut by bytes: to Swift's characters,
    /// a carriage return and a line feed are one.
    package static func lines(_ content: [UInt8]) -> [(number: Int, text: String)] {
        content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
            let line = $0.element.last == UInt8(ascii: "\r") ? $0.element.dropLast() : $0.element
            return line.isEmpty ? nil : (number: $0.offset + 1, text: String(decoding: line, as: UTF8.self))
        }
    }

    private static func all(
        _ descriptor: Int32, _ name: String, atMost limit: Int = FileContent.limit
    ) throws(FileError) -> [UInt8] {
        var out: [UInt8] = []
        while true {
            var got = 0
            let part = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                repeat { got = read(descriptor, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
                count = max(got, 0)
            }
            guard got >= 0 else { throw failure(name) }
            if got == 0 { return out }
            out += part
            guard out.count <= limit else { throw FileError("\(name) is larger than \(limit) bytes") }
        }
    }

    private static func failure(_ name: String) -> FileError {
        FileError("cannot read \(name): \(String(cString: strerror(errno)))")
    }
}

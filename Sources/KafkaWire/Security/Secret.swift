#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A password, a token or a key: what is used, and never shown.
///
/// Its description, its debug description and its mirror say `<hidden>`, so that neither a log, nor an error, nor `dump`
/// of what holds it tells the bytes. Copies share one piece of memory, which is overwritten when the last one is gone.
/// What was there before (the text that it was made from) is the caller's to forget: ``file(_:)`` reads into memory that
/// is wiped too.
public struct Secret: Sendable {
    private let storage: Storage

    /// The secret with a text's bytes, in UTF-8.
    public init(_ text: String) { self.init(text.utf8) }

    /// The secret with these bytes.
    public init(_ bytes: some Sequence<UInt8>) {
        var copy = Array(bytes)
        self = copy.withUnsafeBytes { Secret(copying: $0) }
        copy.withUnsafeMutableBytes { Secret.wipe($0) }
    }

    /// The secret with a copy of these bytes, which stay the caller's to wipe.
    package init(copying bytes: UnsafeRawBufferPointer) { storage = Storage(bytes) }

    /// How many bytes there are.
    public var count: Int { storage.bytes.count }

    /// Whether there is none at all.
    public var isEmpty: Bool { storage.bytes.isEmpty }

    /// Calls `body` with the bytes, which are not to be kept.
    package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(storage.bytes)
    }

    /// The bytes as an array, for what has to send them: wipe it if it is not sent.
    package func copied() -> [UInt8] { withBytes { Array($0) } }

    /// The bytes as text, in which what is no UTF-8 is replaced.
    package var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Overwrites memory in a way that compilers do not leave out as useless, though nobody reads it again.
    package static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        #if canImport(Darwin)
            memset_s(base, bytes.count, 0, bytes.count)
        #else
            explicit_bzero(base, bytes.count)
        #endif
    }

    /// Whether two pieces of memory have the same bytes, in a time that tells their lengths alone.
    package static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        var difference: UInt8 = one.count == other.count ? 0 : 1
        for index in 0..<min(one.count, other.count) { difference |= one[index] ^ other[index] }
        return difference == 0
    }

    /// As ``areEqual(_:_:)``, of arrays.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBytes { one in other.withUnsafeBytes { Secret.areEqual(one, $0) } }
    }

    /// The memory. `final`, with one `let`: that is what makes it `Sendable` without a proof of ours.
    private final class Storage: Sendable {
        nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

        init(_ source: UnsafeRawBufferPointer) {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 1)
            copy.copyMemory(from: source)
            bytes = UnsafeRawBufferPointer(copy)
        }

        deinit {
            let memory = UnsafeMutableRawBufferPointer(mutating: bytes)
            Secret.wipe(memory)
            memory.deallocate()
        }
    }
}

extension Secret: Equatable, ExpressibleByStringLiteral {
    /// Compares in a time that tells the lengths alone.
    public static func == (one: Secret, other: Secret) -> Bool {
        one.withBytes { one in other.withBytes { areEqual(one, $0) } }
    }

    /// A secret that stands in a program's text, as those of tests do.
    public init(stringLiteral text: String) { self.init(text) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<hidden>`, as Kafka shows its settings of type password.
    public var description: String { "<hidden>" }
    /// The same.
    public var debugDescription: String { description }
    /// A mirror in which nothing is seen.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension Secret {
    /// A file of credentials as it was read.
    public struct File: Sendable {
        /// What stands in it, without the line's end that editors put there.
        public var secret: Secret
        /// A sentence when others than the owner may read the file (or write it), which is to be told; none otherwise.
        public var remark: String?
    }

    /// The largest file of credentials that is read: 1 MiB.
    package static let largestFile = 1 << 20

    /// Reads a file that holds a secret and nothing else; one line's end at its end is not part of it.
    ///
    /// A file that others may read is read all the same, as Kafka does, and ``File/remark`` says so.
    /// - Throws: ``SecretFileError`` when it cannot be opened or read, is no regular file, or is larger than 1 MiB.
    public static func file(_ path: String) throws(SecretFileError) -> File {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SecretFileError(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SecretFileError(path: path, errno: errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw SecretFileError(path: path, errno: EISDIR) }
        // Container runtimes hand secrets over as pipes too, so the size is not believed.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: largestFile + 1, alignment: 1)
        var length = 0
        defer {
            wipe(UnsafeMutableRawBufferPointer(rebasing: buffer[..<length]))
            buffer.deallocate()
        }
        while length < buffer.count {
            let count = read(descriptor, buffer.baseAddress.map { $0 + length }, buffer.count - length)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw SecretFileError(path: path, errno: errno)
            }
            length += count
        }
        guard length <= largestFile else { throw SecretFileError(path: path, errno: EFBIG) }
        var end = length
        if end > 0, buffer[end - 1] == UInt8(ascii: "\n") { end -= 1 }
        if end > 0, end < length, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return File(
            secret: Secret(copying: UnsafeRawBufferPointer(rebasing: buffer[..<end])),
            remark: remark(path: path, mode: UInt32(status.st_mode), isOwn: status.st_uid == geteuid()))
    }

    /// What is to be said of who may read a file of secrets; nil where nothing is, or there is no such file, or it is no regular one.
    package static func remark(onFile path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return remark(path: path, mode: UInt32(status.st_mode), isOwn: status.st_uid == geteuid())
    }

    /// What is to be said of a file of secrets with these permissions.
    ///
    /// Nothing where who runs the program hands the file over: Docker and Podman put theirs into `/run/secrets`, which nobody else
    /// sees, with a mode of their own; and a file of another owner is read through its group, as Kubernetes (`fsGroup`) and systemd
    /// mean it.
    /// - Parameter isOwn: Whether the file is of the user that the program runs as.
    package static func remark(path: String, mode: UInt32, isOwn: Bool = true) -> String? {
        if path.hasPrefix("/run/secrets/") { return nil }
        let others = mode & 0o007
        let group = isOwn ? mode & 0o070 : 0
        let who = others != 0 ? "everybody on this machine" : group != 0 ? "its group" : nil
        guard let who else { return nil }
        let writes = mode & (others != 0 ? 0o002 : 0o020) != 0
        return "\(path) holds secrets, and \(who) may \(writes ? "change" : "read") it: chmod 600 \(path)"
    }
}

/// Why a file of credentials could not be read.
public struct SecretFileError: Error, CustomStringConvertible {
    /// Which file.
    public var path: String
    /// The system's error number.
    public var errno: Int32

    /// Which file, and the system's reason.
    public var description: String {
        let reason = errno == EFBIG ? "larger than 1 MiB, which no secret is" : String(cString: strerror(errno))
        return "cannot read the secret in \(path): \(reason)"
    }
}

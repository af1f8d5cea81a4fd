import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where an input may have a folder of its own for a moment: below TMPDIR, which scripts/fuzz.sh puts into memory.
enum ScratchFolder {
    private static let count = Locked(0)

    /// The path of a folder that is not there yet.
    static func next() -> String {
        let number = count.withLock { count -> Int in
            count += 1
            return count
        }
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        return "\(parent)/kwfuzz-\(getpid())-\(number)"
    }
}

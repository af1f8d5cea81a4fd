#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A pipe that wakes a thread out of `poll`.
struct Pipe: Sendable {
    let reader: Int32
    private let writer: Int32

    init() throws(NetError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .last(doing: "open a pipe") }
        reader = ends[0]
        writer = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    /// Makes the reader readable. A full pipe is already readable.
    func signal() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Takes out what is in the pipe.
    func drain() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            while read(reader, buffer.baseAddress, 256) == 256 {}
        }
    }

    func close() {
        _ = closeDescriptor(reader)
        _ = closeDescriptor(writer)
    }
}

func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }

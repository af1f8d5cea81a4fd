/// Cuts a stream of received bytes into frames. A value: bytes go in, frames come out.
///
/// Small frames are copied out of one staging buffer. A large frame gets an array of its own as soon as its size is
/// known, and the rest of it is received right into that array.
package struct FrameAssembler: Sendable {
    private static let stagingSize = 64 << 10
    /// A connection that says little needs little: there may be thousands that are idle.
    private static let smallestStagingSize = 2 << 10

    /// The largest frame that is taken, in bytes.
    package var limit: Int
    /// Empty until something is received; larger once that was filled.
    private var staging: [UInt8] = []
    /// What is in the staging buffer and was not taken yet.
    private var start = 0
    private var end = 0
    /// Whether there was no room for more when something was last received.
    private var wasFilled = true
    private var large: [UInt8]?
    private var largeFilled = 0

    /// Refuses frames of more than `limit` bytes.
    package init(limit: Int = Frame.defaultLimit) {
        self.limit = limit
    }

    /// How many bytes wait for the rest of their frame.
    package var buffered: Int { large == nil ? end - start : largeFilled }

    /// Whether what is received belongs to a large frame.
    package var holdsLargeFrame: Bool { large != nil }

    /// Lets go of memory that nothing waits in.
    package mutating func rest() {
        guard large == nil, start == end else { return }
        (staging, start, end, wasFilled) = ([], 0, 0, true)
    }

    /// Lets `body` write received bytes into free memory; it answers how many it wrote.
    package mutating func receive<E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        if large != nil {
            let filled = largeFilled
            // Taken out and put back, so that the array is held only once and is not copied.
            var array = large ?? []
            large = nil
            defer { large = array }
            largeFilled += try Self.write(&array, from: filled, body)
        } else {
            if start > 0 {
                staging.withUnsafeMutableBytes {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
                }
                end -= start
                start = 0
            }
            if wasFilled { growStaging(to: 8 * staging.count) }
            end += try Self.write(&staging, from: end, body)
            wasFilled = end == staging.count
        }
    }

    /// Makes the staging buffer as large as `size`, within its limits.
    private mutating func growStaging(to size: Int) {
        let size = min(max(size, Self.smallestStagingSize), Self.stagingSize)
        guard size > staging.count else { return }
        staging += [UInt8](repeating: 0, count: size - staging.count)
    }

    private static func write<E: Error>(
        _ array: inout [UInt8], from: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) -> Int {
        let outcome: Result<Int, E> = array.withUnsafeMutableBytes { buffer in
            do throws(E) {
                return .success(try body(UnsafeMutableRawBufferPointer(rebasing: buffer[from...])))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Takes received bytes.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [Bytes] {
        var rest = bytes[...]
        var frames: [Bytes] = []
        while !rest.isEmpty {
            receive { buffer in
                let count = min(buffer.count, rest.count)
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
                rest = rest.dropFirst(count)
                return count
            }
            while let frame = try next() { frames.append(frame) }
        }
        return frames
    }

    /// The next whole frame without its size; nil where it has not arrived yet. Throws when the size is absurd: from
    /// then on nothing in the stream can be trusted, and the connection has to be closed.
    package mutating func next() throws(WireError) -> Bytes? {
        if let array = large {
            guard largeFilled == array.count else { return nil }
            large = nil
            return Bytes(storage: array, start: 4, count: array.count - 4)
        }
        guard end - start >= 4 else { return nil }
        let size = try size()
        if end - start >= 4 + size {
            let frame = Bytes(Array(staging[start + 4..<start + 4 + size]))
            start += 4 + size
            if start == end { (start, end) = (0, 0) }
            return frame
        }
        if 4 + size > Self.stagingSize {
            let begun = start..<end
            large = [UInt8](unsafeUninitializedCapacity: 4 + size) { buffer, count in
                // Bytes behind those that have begun are written by `receive` before the frame is taken.
                _ = UnsafeMutableBufferPointer(rebasing: buffer[0..<begun.count]).update(fromContentsOf: staging[begun])
                count = 4 + size
            }
            largeFilled = begun.count
            (start, end) = (0, 0)
        } else {
            growStaging(to: 4 + size)
        }
        return nil
    }

    private func size() throws(WireError) -> Int {
        let size = staging.withUnsafeBytes { Int32(bigEndian: $0.loadUnaligned(fromByteOffset: start, as: Int32.self)) }
        guard size >= 0, size <= limit else {
            throw WireError(.badLength(Int(size), limit: limit), at: 0, field: "size", message: "Frame")
        }
        return Int(size)
    }
}

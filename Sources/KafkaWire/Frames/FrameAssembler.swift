/// Cuts a stream of received bytes into frames. A value: bytes go in, frames come out.
package struct FrameAssembler: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    private let limit: Int

    /// Refuses frames of more than `limit` bytes.
    package init(limit: Int = Frame.defaultLimit) { self.limit = limit }

    /// Takes received bytes.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) { buffer.append(contentsOf: bytes) }

    /// How many bytes wait for the rest of their frame.
    package var buffered: Int { buffer.count - start }

    /// How many bytes are still missing from the frame that has begun; 0 where that is not known yet.
    package var missing: Int {
        guard buffered >= 4, let size = try? size() else { return 0 }
        return max(0, 4 + size - buffered)
    }

    /// The next whole frame without its size; nil where it has not arrived yet. Throws when the size is absurd: from
    /// then on nothing in the stream can be trusted, and the connection has to be closed.
    package mutating func next() throws(WireError) -> Bytes? {
        guard buffered >= 4 else { return nil }
        let size = try size()
        guard buffered >= 4 + size else {
            if start > 0 {
                buffer.removeFirst(start)
                start = 0
            }
            buffer.reserveCapacity(min(4 + size, buffer.count + (1 << 20)))
            return nil
        }
        let from = start + 4
        if from == 4, buffer.count == 4 + size {
            // The usual case of a large frame: it takes the buffer with it, without a copy.
            let frame = Bytes(storage: buffer, start: 4, count: size)
            buffer = []
            return frame
        }
        let frame = Bytes(Array(buffer[from..<from + size]))
        start = from + size
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
            start = 0
        }
        return frame
    }

    private func size() throws(WireError) -> Int {
        let size = buffer.withUnsafeBytes { Int32(bigEndian: $0.loadUnaligned(fromByteOffset: start, as: Int32.self)) }
        guard size >= 0, size <= limit else {
            throw WireError(.badLength(Int(size), limit: limit), at: 0, field: "size", message: "Frame")
        }
        return Int(size)
    }
}

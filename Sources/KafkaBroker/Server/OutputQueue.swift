import KafkaWire

/// The answers of a connection that have not left yet. Large record batches stay where they are, in the log's memory or
/// in a file, which the system sends by itself, or of which a piece at a time is read when the system has room.
struct OutputQueue: ~Copyable {
    /// How many runs of bytes are offered to the system at once.
    private static let partLimit = 32
    /// How much memory is kept when everything has left; most answers need less.
    private static let keptCapacity = 64 << 10
    /// How much of a file is read at once.
    private static let pieceSize = 256 << 10

    private var writer = Self.freshWriter()
    /// How many bytes there are, attached ones included, and how many of them have left.
    private var count = 0
    private var sent = 0
    /// Where it goes on: in the writer's own bytes, in the attachments, and in the first of those.
    private var ownSent = 0
    private var attachment = 0
    private var attachmentSent = 0

    private static func freshWriter() -> ByteWriter {
        var writer = ByteWriter(capacity: 16)
        writer.attachesRecords = true
        return writer
    }

    /// What became of an attempt to send.
    enum Progress {
        /// Everything has left.
        case done
        /// The system takes no more now.
        case blocked
        /// A file cannot be read: the answer cannot be ended.
        case broken
    }

    /// How many bytes have not left yet.
    var unsent: Int { count - sent }
    /// How many bytes of memory they take.
    var held: Int { unsent > 0 ? writer.count + attachedBytes : 0 }
    private var attachedBytes = 0

    /// Appends an answer. Throws where it does not fit its version: then nothing of the queue is left, and the
    /// connection has to be closed.
    mutating func append(
        _ response: any WireMessage, of type: any WireMessage.Type, version: Int16, correlationId: Int32
    ) throws(WireError) {
        var writer = ByteWriter(capacity: 16)
        swap(&writer, &self.writer)
        let queued = count
        count = sent
        let start = writer.count
        let attached = writer.attachments.count
        writer.integer(0 as Int32)
        let header = ResponseHeader.with { $0.correlationId = correlationId }
        writer = try header.encode(into: writer, version: ResponseHeader.version(for: type, version))
        writer = try response.encode(into: writer, version: version)
        let body = writer.attachments[attached...].reduce(writer.count - start - 4) { $0 + $1.count }
        attachedBytes += writer.attachments[attached...].reduce(0) { $0 + $1.held }
        guard let size = Int32(exactly: body) else {
            throw WireError(.tooLong(body, limit: Int(Int32.max)), field: "size")
        }
        writer.patch(size, at: start)
        count = queued + 4 + body
        swap(&writer, &self.writer)
    }

    /// Appends a frame of these bytes.
    mutating func append(raw bytes: [UInt8]) {
        writer.integer(Int32(clamping: bytes.count))
        bytes.withUnsafeBytes { writer.raw($0) }
        count += 4 + bytes.count
    }

    /// Offers what is there to `write`, which says how many bytes it took, until everything has left or it takes
    /// nothing. Parts of files are offered to `sendFile`; where that gives nil, or is missing, they are read.
    mutating func flush<E: Error>(
        _ write: ([UnsafeRawBufferPointer], _ isMore: Bool) throws(E) -> Int,
        sendFile: ((FilePart) throws(E) -> Int?)? = nil
    ) throws(E) -> Progress {
        while unsent > 0 {
            var taken: Int?
            if let sendFile, let part = nextFilePart { taken = try sendFile(part) }
            if taken == nil { taken = try withParts(stopsAtFiles: sendFile != nil, write) }
            guard let taken else { return .broken }
            if taken == 0 {
                dropSent()
                return .blocked
            }
            advance(taken)
        }
        if writer.capacity > Self.keptCapacity { writer = Self.freshWriter() } else { writer.truncate(to: 0) }
        (count, sent, ownSent, attachment, attachmentSent, attachedBytes) = (0, 0, 0, 0, 0, 0)
        return .done
    }

    /// Lets go of memory that nothing waits in.
    mutating func rest() {
        if unsent == 0 { writer = Self.freshWriter() }
    }

    /// A client that is always a little behind must not keep everything that it was ever sent.
    private mutating func dropSent() {
        guard ownSent > Self.keptCapacity, ownSent > writer.count / 2 else { return }
        writer.drop(first: ownSent, attachments: attachment)
        (ownSent, attachment) = (0, 0)
    }

    /// The file that comes next, if one does.
    private var nextFilePart: FilePart? {
        guard attachment < writer.attachments.count, writer.attachments[attachment].position == ownSent else {
            return nil
        }
        return writer.attachments[attachment].stored?.filePart(from: attachmentSent)
    }

    /// Calls `body` with the next runs of bytes, up to the next file where `stopsAtFiles` is set; nil where a file cannot
    /// be read.
    private borrowing func withParts<E: Error>(
        stopsAtFiles: Bool, _ body: ([UnsafeRawBufferPointer], Bool) throws(E) -> Int
    ) throws(E) -> Int? {
        try writer.withUnsafeBytes { (own) throws(E) in
            try Self.gather(
                own, writer.attachments[attachment...], from: ownSent, skipping: attachmentSent, stopsAtFiles, [], body)
        }
    }

    /// Adds the runs up to and with the first attachment to `parts`, and goes on behind it; inside the calls, since
    /// pointers into arrays are valid there only. A piece of a file is the last part.
    private static func gather<E: Error>(
        _ own: UnsafeRawBufferPointer, _ attachments: ArraySlice<ByteWriter.Attachment>, from start: Int,
        skipping sent: Int, _ stopsAtFiles: Bool, _ parts: [UnsafeRawBufferPointer],
        _ body: ([UnsafeRawBufferPointer], Bool) throws(E) -> Int
    ) throws(E) -> Int? {
        var parts = parts
        let end = attachments.first?.position ?? own.count
        if start < end { parts.append(UnsafeRawBufferPointer(rebasing: own[start..<end])) }
        guard let first = attachments.first, parts.count < partLimit else { return try body(parts, false) }
        if let stored = first.stored {
            if stopsAtFiles, !parts.isEmpty { return try body(parts, true) }
            return try withPiece(of: stored, from: sent, parts, body)
        }
        return try first.bytes.withUnsafeBytes { (bytes) throws(E) in
            try gather(
                own, attachments.dropFirst(), from: end, skipping: 0, stopsAtFiles,
                parts + [UnsafeRawBufferPointer(rebasing: bytes[sent...])], body)
        }
    }

    /// Reads a piece of a file behind `parts`. It is read again where the system does not take all of it: there may be
    /// thousands of clients that are slow.
    private static func withPiece<E: Error>(
        of stored: StoredRecords, from position: Int, _ parts: [UnsafeRawBufferPointer],
        _ body: ([UnsafeRawBufferPointer], Bool) throws(E) -> Int
    ) throws(E) -> Int? {
        let size = min(pieceSize, stored.count - position)
        let outcome = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { buffer -> Result<Int?, E> in
            guard stored.read(from: position, into: buffer) else { return .success(nil) }
            do throws(E) {
                return .success(try body(parts + [UnsafeRawBufferPointer(buffer)], false))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Moves on by `taken` bytes; an attachment that has left is no longer held.
    private mutating func advance(_ taken: Int) {
        sent += taken
        var rest = taken
        while rest > 0 {
            let next = attachment < writer.attachments.count ? writer.attachments[attachment] : nil
            let own = min(rest, (next?.position ?? writer.count) - ownSent)
            ownSent += own
            rest -= own
            guard let next, rest > 0 else { return }
            let step = min(rest, next.count - attachmentSent)
            attachmentSent += step
            rest -= step
            if attachmentSent == next.count {
                attachedBytes -= next.held
                writer.releaseAttachment(attachment)
                attachment += 1
                attachmentSent = 0
            }
        }
    }
}

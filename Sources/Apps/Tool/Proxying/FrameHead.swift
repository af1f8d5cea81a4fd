import KafkaWire

/// What the first bytes of a frame say, read in place as they come by: who asks for what, and how long it is.
package enum FrameHead: Equatable, Sendable {
    /// More bytes are needed to tell.
    case incomplete
    /// A request.
    case request(RequestHead)
    /// An answer: the number of its request, and its bytes with the size in front.
    case answer(correlationId: Int32, size: Int)
    /// A frame too short for a header, or a token of SASL: so many bytes with the size in front.
    case opaque(size: Int)
    /// No size that any frame has: from here on nothing in the stream can be told apart.
    case lost

    /// A client id may be that long; a transactional id behind it too.
    private static let longest = 68 << 10
    /// Larger than any broker takes, and than any client asks for.
    package static let limit = 1 << 30

    /// Reads the head of what a client sends.
    package static func request(_ bytes: UnsafeRawBufferPointer, mayHoldTokens: Bool = false) -> FrameHead {
        guard let size = size(bytes) else { return bytes.count < 4 ? .incomplete : .lost }
        guard size >= 12 else { return .opaque(size: size) }
        let available = min(size, bytes.count)
        let mayGrow = available < min(size, longest)
        guard available >= 12 else { return .incomplete }
        var head = RequestHead(
            api: APIKey(rawValue: integer(bytes, 4)), version: integer(bytes, 6), correlationId: integer(bytes, 8),
            size: size)
        // After SaslHandshake v0 come bare tokens; the exchange is over when a request comes.
        if mayHoldTokens, API.of(head.api)?.request.versions.contains(head.version) != true {
            return .opaque(size: size)
        }
        guard available >= 14 else { return mayGrow ? .incomplete : .request(head) }
        let length: Int16 = integer(bytes, 12)
        let end = 14 + Int(max(0, length))
        guard end <= available else { return mayGrow && end <= size ? .incomplete : .request(head) }
        if length >= 0 { head.clientId = String(decoding: bytes[14..<end], as: UTF8.self) }
        guard head.api == .produce else { return .request(head) }
        switch acks(UnsafeRawBufferPointer(rebasing: bytes[end..<available]), head.version) {
        case .some(let acks): head.wantsAnswer = acks != 0
        case nil: if mayGrow { return .incomplete }
        }
        return .request(head)
    }

    /// Reads the head of what a broker sends.
    package static func answer(_ bytes: UnsafeRawBufferPointer) -> FrameHead {
        guard let size = size(bytes) else { return bytes.count < 4 ? .incomplete : .lost }
        guard size >= 8 else { return .opaque(size: size) }
        guard bytes.count >= 8 else { return .incomplete }
        return .answer(correlationId: integer(bytes, 4), size: size)
    }

    /// The whole frame's bytes; nil where there are too few to say, or the size is none.
    private static func size(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 4 else { return nil }
        let size: Int32 = integer(bytes, 0)
        return size >= 0 && size <= limit ? Int(size) + 4 : nil
    }

    /// The acknowledgements that a Produce request asks for, from what stands behind its client id; nil where that is
    /// cut off.
    private static func acks(_ bytes: UnsafeRawBufferPointer, _ version: Int16) -> Int16? {
        var reader = ByteReader(Bytes(Array(bytes.prefix(longest))))
        do throws(WireError) {
            if ProduceRequest.flexible.contains(version) {
                for _ in 0..<(try reader.unsignedVarint()) {
                    _ = try reader.unsignedVarint()
                    try reader.skip(Int(try reader.unsignedVarint()))
                }
                try reader.skip(max(0, Int(try reader.unsignedVarint()) - 1))
            } else if version >= 3 {
                try reader.skip(Int(max(0, try reader.integer(Int16.self))))
            }
            return try reader.integer()
        } catch { return nil }
    }

    private static func integer<T: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> T {
        T(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: T.self))
    }
}

/// The fields in front of a request.
package struct RequestHead: Equatable, Sendable {
    /// What is asked for.
    package var api: APIKey
    /// In which version.
    package var version: Int16
    /// The number that the answer carries too.
    package var correlationId: Int32
    /// What the client calls itself.
    package var clientId: String?
    /// The bytes of the frame with the size in front.
    package var size: Int
    /// False for a Produce with acks=0, which nobody answers.
    package var wantsAnswer = true

    package init(
        api: APIKey, version: Int16, correlationId: Int32, clientId: String? = nil, size: Int, wantsAnswer: Bool = true
    ) {
        self.api = api
        self.version = version
        self.correlationId = correlationId
        self.clientId = clientId
        self.size = size
        self.wantsAnswer = wantsAnswer
    }
}

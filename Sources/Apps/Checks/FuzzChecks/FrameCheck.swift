import KafkaWire

/// A stream in pieces: the low four bits of the first byte say how many sizes of pieces follow, each a byte (0 is 256),
/// used in turn; the rest is the stream. With the first byte's highest bit set, the bytes that are missing from the last
/// frame follow, as zeros: so a few bytes make a frame that is larger than the assembler's buffer.
enum FrameCheck {
    private static let limit = 96 << 10

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard let first = input.isEmpty ? nil : input[0] else { return }
        let sizes = (0..<min(Int(first & 15), input.count - 1)).map { Int(input[1 + $0]) }.map { $0 == 0 ? 256 : $0 }
        var stream = input[1 + sizes.count..<input.count].copy()
        var expected = Expected(stream, limit: limit)
        if first & 0x80 != 0, let missing = expected.missing {
            stream += [UInt8](repeating: 0, count: missing)
            expected = Expected(stream, limit: limit)
        }
        let (frames, error) = try memory.bound("cutting a stream into frames", stream.count, perByte: 64, base: 1 << 20)
        {
            cut(stream, sizes)
        }
        try claim(
            frames == expected.frames, "\(frames.count) frames, not \(expected.frames.count), or with other bytes")
        try claim((error != nil) == expected.isRefused, "the stream ends with \(error.map { "\($0)" } ?? "no error")")
        if let error {
            try ErrorCheck.isAddressed(error, "Frame", -1, size: stream.count, hasFields: true)
        }
        for frame in frames.prefix(4) where frame.count <= 1024 {
            try request(frame, memory)
            try response(frame)
        }
    }

    private static func cut(_ stream: [UInt8], _ sizes: [Int]) -> (frames: [Bytes], error: WireError?) {
        var assembler = FrameAssembler(limit: limit)
        var frames: [Bytes] = []
        var rest = Bytes(stream)
        var turn = 0
        // Large frames arrive in large pieces.
        let largePiece = 16 << 10
        while !rest.isEmpty {
            let wanted = sizes.isEmpty || rest.count > largePiece ? largePiece : sizes[turn % sizes.count]
            turn += 1
            let piece = rest[0..<min(wanted, rest.count)]
            rest = rest[piece.count..<rest.count]
            // What was cut out of a piece before the error is not given out: the stream is cut frame by frame instead.
            var left = piece
            do throws(WireError) {
                while !left.isEmpty {
                    assembler.receive { buffer in
                        let count = min(buffer.count, left.count)
                        left.withUnsafeBytes {
                            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[0..<count]))
                        }
                        left = left[count..<left.count]
                        return count
                    }
                    while let frame = try assembler.next() { frames.append(frame) }
                }
            } catch {
                return (frames, error)
            }
        }
        return (frames, nil)
    }

    /// What the stream holds, read in one go.
    private struct Expected {
        var frames: [Bytes] = []
        /// Whether a size is absurd.
        var isRefused = false
        /// How many bytes the last frame lacks; nil where none has begun.
        var missing: Int?

        init(_ stream: [UInt8], limit: Int) {
            var at = 0
            while stream.count - at >= 4 {
                let size = stream[at..<at + 4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
                guard size <= limit else {
                    isRefused = true
                    return
                }
                guard stream.count - at - 4 >= size else {
                    missing = Int(size) - (stream.count - at - 4)
                    return
                }
                frames.append(Bytes(Array(stream[at + 4..<at + 4 + Int(size)])))
                at += 4 + Int(size)
            }
        }
    }

    // MARK: Headers

    /// A frame as a request, and its explanation.
    private static func request(_ frame: Bytes, _ memory: MemoryMeter) throws(Finding) {
        let header = try memory.bound("reading a request's header", frame.count, perByte: 128) {
            outcome { () throws(WireError) in try Frame.decodeRequestHeader(frame) }
        }
        let whole = Bytes([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: frame.count >> $0) } + frame.copy())
        let explanation = Explanation(requestFrame: whole)
        try ExplanationCheck.covers(explanation, whole)
        switch header {
        case .failure(let error):
            try claim(error.version >= 1, "\"\(error)\" names no version")
            try ErrorCheck.isAddressed(error, "RequestHeader", error.version, size: frame.count, hasFields: true)
            // In the explanation, the size stands in front.
            var located = error
            located.offset += 4
            try ExplanationCheck.agrees(explanation, with: located)
        case .success(let (header, body)):
            guard let api = API.of(APIKey(rawValue: header.requestApiKey)) else {
                return try claim(explanation.failure != nil, "a request of an unknown API is explained without a word")
            }
            var error = refusal(api.request, body, header.requestApiVersion)
            error?.offset += 4 + frame.count - body.count
            try ExplanationCheck.agrees(explanation, with: error)
        }
    }

    private static func refusal(_ type: any WireMessage.Type, _ body: Bytes, _ version: Int16) -> WireError? {
        switch outcome({ () throws(WireError) in _ = try type.decode(body, version: version) }) {
        case .success: return nil
        case .failure(var error):
            // Without a version nothing is read; the explainer says where that is.
            if case .unsupportedVersion = error.reason { error.offset = 0 }
            return error
        }
    }

    /// A frame as a response whose request is known, here one of ApiVersions, which has rules of its own.
    private static func response(_ frame: Bytes) throws(Finding) {
        for version in ApiVersionsResponse.versions {
            let decoded = outcome { () throws(WireError) in
                try Frame.decodeResponse(ApiVersionsResponse.self, frame, version: version)
            }
            guard case .failure(let error) = decoded else { continue }
            let names = ["ResponseHeader", "ApiVersionsResponse"]
            try claim(names.contains(error.message), "\"\(error)\" does not name what was read")
            try ErrorCheck.isAddressed(error, error.message, error.version, size: frame.count, hasFields: true)
        }
    }
}

import KafkaWire

/// What becomes of a broker's answers on their way to a client. A byte for each answer:
///
/// | byte | what becomes of it |
/// | --- | --- |
/// | below 96, and behind the end | nothing |
/// | 96 to 191 | one to four values or arrays in it change (``AnswerChanger``) |
/// | 192 to 207 | every error code in it is the next byte, less 2 |
/// | 208 to 223 | all of it is made up (``RequestFiller``) |
/// | 224 to 227 | it is cut off, and the connection with it |
/// | 228 to 231 | the connection is closed in its place |
/// | 232 to 235 | a byte of it is another one |
struct AnswerScript {
    private var source: ByteSource
    private let known: KnownValues

    init(_ bytes: Bytes, _ known: KnownValues) {
        source = ByteSource(bytes)
        self.known = known
    }

    private enum Change {
        case values(Int)
        case errors(Int16)
        case all
    }

    /// What the client gets of the answer in `frame`, with its size in front, and whether its connection then ends.
    mutating func pass(_ frame: [UInt8], _ api: API, _ version: Int16) -> (bytes: [UInt8], ends: Bool) {
        let kind = source.next()
        switch kind {
        case 96..<192: return (changed(frame, api.response, version, .values(Int(kind & 3) + 1)), false)
        case 192..<208: return (changed(frame, api.response, version, .errors(Int16(source.next()) - 2)), false)
        case 208..<224: return (changed(frame, api.response, version, .all), false)
        case 224..<228: return (Array(frame.prefix(Int(source.next()) % max(1, frame.count))), true)
        case 228..<232: return ([], true)
        case 232..<236:
            var frame = frame
            // Not the size: the rest would be awaited for ever.
            if frame.count > 8 { frame[8 + Int(source.next()) % (frame.count - 8)] = source.next() }
            return (frame, false)
        default: return (frame, false)
        }
    }

    /// The changed answer; the same where that cannot be written.
    private mutating func changed<R: WireMessage>(_ frame: [UInt8], _ type: R.Type, _ version: Int16, _ change: Change)
        -> [UInt8]
    {
        let content = Bytes(frame)[4..<frame.count]
        let headerVersion = ResponseHeader.version(for: type, version)
        guard let (header, size) = try? ResponseHeader.decodePrefix(content, version: headerVersion),
            var answer = try? type.decode(content[size..<content.count], version: version)
        else { return frame }
        let flexible = R.flexible.contains(version)
        var filler = RequestFiller(version: version, flexible: flexible, source: source, known: known)
        switch change {
        case .values(let count):
            var changer = AnswerChanger(filler, changes: count)
            try? changer.visit(&answer)
            filler = changer.filler
        case .errors(let code):
            var setter = ErrorSetter(version: version, flexible: flexible, code: code)
            try? setter.visit(&answer)
        case .all:
            answer = R()
            try? filler.visit(&answer)
        }
        source = filler.source
        guard let written = try? header.encode(into: ByteWriter(), version: headerVersion).array(),
            let encoded = try? answer.encode(version: version)
        else { return frame }
        let bytes = written + encoded
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
}

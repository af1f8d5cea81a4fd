import Captures
import KafkaSimulation
import KafkaWire

extension Capture {
    /// What went over a simulated network, as frames: each at the time when its last byte was sent. What is no whole frame
    /// where its connection ends is marked as such.
    package init(_ sent: [SentBytes], note: String) {
        self.init(note: note)
        var cutter = FrameCutter()
        for piece in sent { frames += cutter.take(piece) }
        // Those of one time stay in their order.
        frames = (frames + cutter.rest).enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        .map(\.element)
    }
}

/// Cuts what was sent over connections into frames.
private struct FrameCutter {
    private struct Direction: Hashable {
        var connection: Int
        var isFromClient: Bool
    }

    /// What was sent of a frame that is not whole yet, with its last piece.
    private var begun: [Direction: (bytes: [UInt8], last: SentBytes)] = [:]
    private var described: Set<Int> = []

    mutating func take(_ piece: SentBytes) -> [Capture.Frame] {
        let direction = Direction(connection: piece.connection, isFromClient: piece.isFromClient)
        var bytes = (begun.removeValue(forKey: direction)?.bytes ?? []) + piece.bytes
        var frames: [Capture.Frame] = []
        while let size = Self.size(bytes) {
            frames.append(frame(Array(bytes.prefix(size)), piece))
            bytes = Array(bytes.dropFirst(size))
        }
        if !bytes.isEmpty { begun[direction] = (bytes, piece) }
        return frames
    }

    /// What no end of a frame has followed, in the order of time.
    var rest: [Capture.Frame] {
        mutating get {
            let left = begun.values.sorted {
                ($0.last.time, $0.last.connection, $0.last.isFromClient ? 0 : 1)
                    < ($1.last.time, $1.last.connection, $1.last.isFromClient ? 0 : 1)
            }
            begun = [:]
            return left.map { frame($0.bytes, $0.last, isPartial: true) }
        }
    }

    /// How many bytes the first frame has, its size included; nil where it is not whole.
    private static func size(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        let size = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return size <= bytes.count - 4 ? size + 4 : nil
    }

    private static func microseconds(_ time: Duration) -> Int128 { time.attoseconds / 1_000_000_000_000 }

    private mutating func frame(_ bytes: [UInt8], _ piece: SentBytes, isPartial: Bool = false) -> Capture.Frame {
        let isFirst = described.insert(piece.connection).inserted
        return Capture.Frame(
            time: Int64(clamping: Self.microseconds(piece.time)), connection: piece.connection,
            from: piece.isFromClient ? .client : .broker, bytes: Bytes(bytes), isPartial: isPartial,
            client: isFirst ? piece.client : nil, broker: isFirst ? piece.broker : nil)
    }
}

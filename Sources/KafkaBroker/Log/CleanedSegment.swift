import KafkaWire

/// What becomes of one or several segments when they are cleaned: one segment, with the first one's name.
struct CleanedSegment {
    var segment: LogSegment
    /// How many segments are put together.
    private(set) var count = 0
    /// How large they were.
    private var originalSize = 0

    init(_ segment: LogSegment) { self.segment = segment }

    /// Whether another one can be taken in.
    func hasRoom(for next: LogSegment, _ rolling: SegmentRolling) -> Bool {
        originalSize + next.size <= rolling.bytes
            && next.endOffset - segment.baseOffset.rawValue <= Offset(Int64(Int32.max))
    }

    /// What is left of a segment was appended.
    mutating func end(_ original: LogSegment) {
        count += 1
        originalSize += original.size
        segment.end(at: original.endOffset)
    }
}

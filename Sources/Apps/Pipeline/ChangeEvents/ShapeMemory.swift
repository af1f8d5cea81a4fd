/// Remembers the shapes of the latest events, and gives up for a while when events do not repeat themselves.
struct ShapeMemory {
    /// Shapes kept at a time: inserts, updates, deletes and the kinds of snapshot rows, of more than one topic.
    static let capacity = 8
    /// What a hit saves, less one for each shape tried before it: alternating between four shapes gains nothing.
    private static let gainOfHit = 2
    /// What a miss costs: the shapes tried in vain, and learning.
    private static let costOfMiss = 8
    private static let start = 256
    /// Events that are only scanned after shapes have cost more than they gain.
    private static let pause = 1000

    private var shapes: [EventShape] = []  // the most recently used first
    /// What shapes have gained of late. Below zero they are not used for a while.
    private var balance = start
    private var paused = 0

    /// Whether shapes are in use just now; counts the event when they are not.
    @inline(__always)
    mutating func isInUse() -> Bool {
        if paused == 0 { return true }
        paused -= 1
        return false
    }

    /// Reads an event, from the scanner's cursor to its end, by the shape that it has: gives its answer, or nil when
    /// it has none of the shapes.
    @inline(__always)
    mutating func read(
        _ scanner: inout JSONScanner, isPayload: Bool, into row: inout Envelope.Row, sourceTime: inout JSONToken
    ) -> EventShape.Answer? {
        let start = scanner.cursor
        for index in shapes.indices where shapes[index].isPayload == isPayload {
            if shapes[index].read(&scanner, into: &row, sourceTime: &sourceTime) {
                let answer = shapes[index].answer
                balance = min(balance + Self.gainOfHit - index, 2 * Self.start)
                if index > 0 { changeShape(to: index) }
                return answer
            }
            scanner.cursor = start
            row = Envelope.Row()
            sourceTime = .absent
        }
        return nil
    }

    /// Counts an event that had none of the shapes. False when that ends the use of shapes for a while.
    @inline(never)
    mutating func goesOnAfterMiss() -> Bool {
        balance -= Self.costOfMiss
        return goesOn()
    }

    private mutating func goesOn() -> Bool {
        if balance >= 0 { return true }
        shapes.removeAll(keepingCapacity: true)
        balance = Self.start
        paused = Self.pause
        return false
    }

    /// Keeps a shape; the one that was not used for longest makes room.
    @inline(never)
    mutating func remember(_ shape: EventShape) {
        if shapes.count == Self.capacity { shapes.removeLast() }
        shapes.insert(shape, at: 0)
    }

    @inline(never)
    private mutating func changeShape(to index: Int) {
        guard goesOn() else { return }
        for place in stride(from: index, to: 0, by: -1) { shapes.swapAt(place, place - 1) }
    }
}

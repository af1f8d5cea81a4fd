import CMemory

/// So many elements for each slot of a table, in pieces of 256 slots: what is there is not copied when more is needed, so that
/// the table takes what its slots take and at most a piece more.
struct SlotStorage<Element: Sendable>: Sendable {
    private var pieces: [[Element]] = []
    /// Where the pieces were when they were made: for the processor alone, which may be told of any address.
    private var addresses: [UInt] = []
    private let blank: Element
    /// Elements of a slot.
    let width: Int

    private static var slotsPerPiece: Int { 1 << 8 }

    /// Storage of no slot; `blank` is in those that are new.
    init(width: Int, blank: Element) {
        self.width = width
        self.blank = blank
    }

    /// Makes room for the slots up to this one.
    mutating func reach(_ slot: Int) {
        while pieces.count * Self.slotsPerPiece <= slot {
            let piece = Array(repeating: blank, count: width * Self.slotsPerPiece)
            addresses.append(piece.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
            pieces.append(piece)
        }
    }

    /// The element at an index of a slot.
    @inline(__always)
    subscript(slot: Int, index: Int) -> Element {
        get { pieces[slot >> 8][(slot & 255) * width + index] }
        set { pieces[slot >> 8][(slot & 255) * width + index] = newValue }
    }

    /// Has an element loaded, for a use soon.
    @inline(__always)
    func prefetch(_ slot: Int, _ index: Int = 0) {
        let offset = ((slot & 255) * width + index) * MemoryLayout<Element>.stride
        kafkawire_prefetch(UnsafeRawPointer(bitPattern: addresses[slot >> 8] &+ UInt(offset)))
    }

    /// The elements of a slot, all of them.
    @inline(__always)
    subscript(slot: Int) -> ArraySlice<Element> {
        let first = (slot & 255) * width
        return pieces[slot >> 8][first..<first + width]
    }

    /// Calls `body` with the elements of a slot in their place.
    @inline(__always)
    mutating func withRow<R>(_ slot: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> R) -> R {
        let (first, width) = ((slot & 255) * width, width)
        return pieces[slot >> 8].withUnsafeMutableBufferPointer {
            body(UnsafeMutableBufferPointer(rebasing: $0[first..<first + width]))
        }
    }
}

extension Array {
    /// Has an element loaded, for a use soon.
    @inline(__always)
    func prefetch(_ index: Int) {
        withUnsafeBufferPointer { elements in
            guard let base = elements.baseAddress else { return }
            kafkawire_prefetch(base + index)
        }
    }
}

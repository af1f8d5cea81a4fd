/// The last amounts of each slot, in 1/10000: so many places a slot.
///
/// As long as all of them are whole hundredths below 21 million, as most currencies' are, an amount takes four bytes; with the first
/// that is not, all take eight from then on. A value.
struct AmountRings: Sendable {
    private var hundredths: SlotStorage<Int32>
    private var all: SlotStorage<Int64>
    private var isNarrow = true
    /// Slots that there is room for, less one.
    private var last = -1

    private static let unit: Int64 = 100

    /// Rings of `width` places, of no slot.
    init(width: Int) {
        hundredths = SlotStorage(width: width, blank: 0)
        all = SlotStorage(width: width, blank: 0)
    }

    /// Makes room for the slots up to this one.
    mutating func reach(_ slot: Int) {
        last = max(last, slot)
        if isNarrow { hundredths.reach(slot) } else { all.reach(slot) }
    }

    /// The amount at a place of a slot.
    @inline(__always)
    subscript(slot: Int, place: Int) -> Int64 {
        get { isNarrow ? Int64(hundredths[slot, place]) &* Self.unit : all[slot, place] }
        set {
            if isNarrow {
                let (whole, rest) = newValue.quotientAndRemainder(dividingBy: Self.unit)
                if rest == 0, let short = Int32(exactly: whole) {
                    hundredths[slot, place] = short
                    return
                }
                widen()
            }
            all[slot, place] = newValue
        }
    }

    /// Has an amount loaded, for a use soon.
    @inline(__always)
    func prefetch(_ slot: Int, _ place: Int) {
        if isNarrow { hundredths.prefetch(slot, place) } else { all.prefetch(slot, place) }
    }

    @inline(never)
    private mutating func widen() {
        isNarrow = false
        guard last >= 0 else { return }
        all.reach(last)
        for slot in 0...last {
            for (place, short) in hundredths[slot].enumerated() { all[slot, place] = Int64(short) * Self.unit }
        }
        hundredths = SlotStorage(width: hundredths.width, blank: 0)
    }
}

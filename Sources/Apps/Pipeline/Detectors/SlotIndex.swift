import CMemory

/// Finds the slot of a key among the slots of a table that holds the keys itself: open addressing with linear probing, at most three
/// quarters full, eight bytes a place, which are a slot and half of its key's hash. A value.
///
/// Keys come from outside. How they are mixed differs from process to process, so that nobody can choose ids that collide.
struct SlotIndex: Sendable {
    /// Slots where their keys' hashes lead, or behind.
    private var places: [Place] = Array(repeating: .empty, count: 16)
    private(set) var count = 0

    private struct Place: Equatable, Sendable {
        /// The upper half of the hash.
        var mark: UInt32
        var slot: Int32

        static let empty = Place(mark: 0, slot: -1)

        @inline(__always)
        init(mark: UInt32, slot: Int32) {
            self.mark = mark
            self.slot = slot
        }
    }

    /// The slot at which `isHere` finds the key with that hash.
    @inline(__always)
    func slot(_ hash: UInt64, _ isHere: (Int) -> Bool) -> Int? {
        let mark = Self.mark(hash)
        var place = home(mark)
        while true {
            let found = places[place]
            if found.slot < 0 { return nil }
            if found.mark == mark, isHere(Int(found.slot)) { return Int(found.slot) }
            place = next(place)
        }
    }

    /// Has the place to which a hash leads loaded, for a look-up soon.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        places.withUnsafeBufferPointer { places in
            guard let base = places.baseAddress else { return }
            kafkawire_prefetch(base + home(Self.mark(hash)))
        }
    }

    /// The slot of the key with that hash, most probably, if it is known.
    @inline(__always)
    func likely(_ hash: UInt64) -> Int? { slot(hash) { _ in true } }

    /// Adds a slot whose key is at none yet.
    mutating func insert(_ slot: Int, _ hash: UInt64) {
        if 4 * (count + 1) > 3 * places.count {
            let before = places
            places = Array(repeating: .empty, count: 2 * before.count)
            for other in before where other.slot >= 0 { put(other) }
        }
        put(Place(mark: Self.mark(hash), slot: Int32(slot)))
        count += 1
    }

    /// Takes a slot out, which is in it. Those behind it move up, so that none is behind a gap.
    mutating func remove(_ slot: Int, _ hash: UInt64) {
        var gap = home(Self.mark(hash))
        while places[gap].slot != Int32(slot) {
            guard places[gap].slot >= 0 else { return }
            gap = next(gap)
        }
        var place = next(gap)
        while places[place].slot >= 0 {
            // It may stand in the gap where that is no further from its home than where it is.
            let mask = places.count &- 1
            if (place &- home(places[place].mark)) & mask >= (place &- gap) & mask {
                places[gap] = places[place]
                gap = place
            }
            place = next(place)
        }
        places[gap] = .empty
        count -= 1
    }

    private mutating func put(_ new: Place) {
        var place = home(new.mark)
        while places[place].slot >= 0 { place = next(place) }
        places[place] = new
    }

    @inline(__always)
    private func home(_ mark: UInt32) -> Int { Int(mark) & (places.count &- 1) }

    @inline(__always)
    private func next(_ place: Int) -> Int { (place &+ 1) & (places.count &- 1) }

    @inline(__always)
    private static func mark(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    // MARK: - Hashes

    /// This process's, from the seed of the standard library's hashing.
    private static let salt: (UInt64, UInt64) = (salt(1), salt(2) | 1)

    private static func salt(_ number: Int) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(number)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// The hash of a key.
    @inline(__always)
    static func hash(_ key: Int64, _ other: Int32 = 0) -> UInt64 {
        let salt = Self.salt
        var mixed = (UInt64(bitPattern: key) ^ salt.0) &* salt.1
        mixed = (mixed ^ mixed >> 32 ^ UInt64(UInt32(bitPattern: other))) &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ mixed >> 29
    }
}

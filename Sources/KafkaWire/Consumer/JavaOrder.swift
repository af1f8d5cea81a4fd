/// The orders that Java's collections have, as far as the results of its assignors follow from them.
enum JavaOrder {
    /// `String.compareTo`: by UTF-16 units, which differs from Swift's order outside of ASCII.
    static func precedes(_ a: String, _ b: String) -> Bool { a.utf16.lexicographicallyPrecedes(b.utf16) }

    /// `String.hashCode`.
    static func hash(_ text: String) -> Int32 { text.utf16.reduce(0) { $0 &* 31 &+ Int32($1) } }

    /// `TopicPartition.hashCode`, of the topic's hash.
    static func hash(topic: Int32, partition: Int32) -> Int32 { (31 &+ partition) &* 31 &+ topic }

    /// The order in which a `HashMap` goes through keys with these hashes that were put into it one after the other: by
    /// bucket, and within one as they came. (A bucket with more than eight keys becomes a tree in Java, which goes through
    /// them in much the same order.)
    static func hashMap(_ hashes: [Int32], peak: Int? = nil) -> [Int] {
        let mask = capacity(for: peak ?? hashes.count) - 1
        return hashes.enumerated().map { (bucket: Int(spread($1)) & mask, place: $0) }
            .sorted { $0 < $1 }.map(\.place)
    }

    private static func spread(_ hash: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: hash)
        return bits ^ (bits >> 16)
    }

    /// How many buckets there are when so many keys were there at once: they double when three quarters are full.
    private static func capacity(for count: Int) -> Int {
        var capacity = 16
        while count > capacity / 4 * 3, capacity < 1 << 30 { capacity *= 2 }
        return capacity
    }
}

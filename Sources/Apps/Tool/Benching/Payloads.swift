import AppSupport

/// What the values of a benchmark's records are.
package struct Payloads: Sendable {
    /// Taken in turn by a random number.
    package let values: [[UInt8]]

    /// Values of `size` bytes, letters from A to Z, as Kafka's perf tool makes them. The letters are drawn once, for some
    /// values that then take turns: drawing them for each record costs more than sending it.
    package init(size: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let different = max(1, min(1024, (1 << 20) / max(1, size)))
        values = (0..<different).map { _ in
            (0..<size).map { _ in UInt8(ascii: "A") + UInt8(random.next() % 26) }
        }
    }

    /// The values of a file, parted by `delimiter`; nil where there is none. What is behind the last delimiter counts
    /// where it is not empty.
    package init?(content: [UInt8], delimiter: [UInt8]) {
        guard !delimiter.isEmpty else { return nil }
        var values: [[UInt8]] = []
        var start = 0
        var at = 0
        while at + delimiter.count <= content.count {
            if content[at] == delimiter[0], content[at..<at + delimiter.count].elementsEqual(delimiter) {
                values.append(Array(content[start..<at]))
                at += delimiter.count
                start = at
            } else {
                at += 1
            }
        }
        if start < content.count { values.append(Array(content[start...])) }
        guard !values.isEmpty else { return nil }
        self.values = values
    }
}

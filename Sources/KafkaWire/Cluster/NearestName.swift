/// Which known names a misspelt one may have meant.
package enum NearestName {
    /// Up to three of `names` that are close to `wanted`: those that hold it, then those that few edits make of it.
    package static func suggestions(for wanted: String, among names: some Sequence<String>) -> [String] {
        let wanted = wanted.lowercased()
        guard !wanted.isEmpty else { return [] }
        let ranked = names.map { name in
            let other = name.lowercased()
            let isPart = wanted.utf8.count >= 3 && other.contains(wanted)
            return (name: name, distance: isPart ? 0 : distance(Array(wanted.utf8), Array(other.utf8)))
        }
        let limit = max(2, wanted.utf8.count / 3)
        return ranked.filter { $0.distance <= limit }.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
    }

    /// How many letters must be put in, taken out or replaced to make one of the other (Levenshtein).
    package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        // No name is that long; the product of both lengths is the time that it takes.
        guard a.count <= 200, b.count <= 200 else { return max(a.count, b.count) }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}

import KafkaWire

/// APIs by name or number, and which a misspelt name may have meant.
enum NearestNames {
    /// The API with that name, whatever its case, or number.
    static func api(_ name: String) -> API? {
        Int16(name).flatMap { API.of(APIKey(rawValue: $0)) } ?? API.named(name)
    }

    /// A sentence about a name that no API has.
    static func sentence(_ name: String) -> String {
        let near = suggestions(name)
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return "this build does not know the API \(name)\(question.isEmpty ? ";" : question)"
            + " kw explain --apis lists those that it knows"
    }

    /// Up to three names that are close: those that hold the text, then those that few edits make of it.
    static func suggestions(_ name: String) -> [String] {
        let wanted = name.lowercased()
        guard !wanted.isEmpty else { return [] }
        let ranked = API.all.map { api in
            let other = api.name.lowercased()
            let isPart = wanted.utf8.count >= 3 && other.contains(wanted)
            return (name: api.name, distance: isPart ? 0 : distance(Array(wanted.utf8), Array(other.utf8)))
        }
        let limit = max(2, wanted.utf8.count / 3)
        return ranked.filter { $0.distance <= limit }.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
    }

    /// How many letters must be put in, taken out or replaced to make one of the other (Levenshtein).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
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

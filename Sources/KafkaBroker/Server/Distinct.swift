// What a request names twice is answered once.

extension Array where Element: Hashable {
    /// Each element once, in the order in which they come first.
    var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Array {
    /// The values under each name, in the order in which the names come first.
    func grouped<Name: Hashable, Value>() -> [(name: Name, values: [Value])] where Element == (Name, Value) {
        var places: [Name: Int] = [:]
        var groups: [(name: Name, values: [Value])] = []
        for (name, value) in self {
            if let place = places[name] {
                groups[place].values.append(value)
            } else {
                places[name] = groups.count
                groups.append((name, [value]))
            }
        }
        return groups
    }
}

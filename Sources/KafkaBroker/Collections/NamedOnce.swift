import KafkaWire

// What a request names twice is one: it is done and answered once, in the place where it is named first. So an answer is
// no longer than what was asked, however often it was asked.

extension Sequence {
    /// The elements with different keys, in the order in which they come first.
    func once<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }

    /// Elements that list things under a key, with each key once and everything that was listed under it.
    func gathered<Key: Hashable, Part>(by key: (Element) -> Key, _ parts: (Element) -> [Part])
        -> [(key: Key, parts: [Part])]
    {
        var places: [Key: Int] = [:]
        var all: [(key: Key, parts: [Part])] = []
        for element in self {
            let key = key(element)
            if let place = places[key] {
                all[place].parts += parts(element)
            } else {
                places[key] = all.count
                all.append((key, parts(element)))
            }
        }
        return all
    }

    /// The elements with different keys, in the order in which they come first; of each the one that comes last.
    func lastOnce<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var places: [Key: Int] = [:]
        var all: [Element] = []
        for element in self {
            let key = key(element)
            if let place = places[key] {
                all[place] = element
            } else {
                places[key] = all.count
                all.append(element)
            }
        }
        return all
    }
}

extension Sequence where Element: Hashable {
    /// The elements in the order in which they come first.
    func once() -> [Element] { once { $0 } }
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

/// A topic as requests name it: by its name, or by its id in newer versions.
struct NamedTopic: Hashable {
    var name: String
    var id: TopicID
}

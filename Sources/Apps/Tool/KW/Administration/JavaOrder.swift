import JSONLines
import KafkaWire

/// The order in which Java's `HashMap` hands out its keys. Kafka's tools print some things in it, so that their text can
/// only be matched line for line by doing the same.
enum JavaOrder {
    /// `String.hashCode`: over the UTF-16 units.
    static func hash(_ text: String) -> Int32 { text.utf16.reduce(0) { 31 &* $0 &+ Int32($1) } }

    /// `TopicPartition.hashCode` of the Java client.
    static func hash(_ partition: TopicPartition) -> Int32 {
        31 &* (31 &+ partition.partition.rawValue) &+ hash(partition.topic)
    }

    /// A JSON object whose fields stand in a map's order.
    static func object(_ fields: [(String, String)]) -> String {
        JSONText.object(hashMap(fields, hash: { hash($0.0) }))
    }

    /// `elements` in the order of a map that holds `count` keys, by default so many as there are elements, and was made
    /// for `capacity` of them; Java's default is 16. The map doubles its table when it is three quarters full; keys of one
    /// bucket stay in their order.
    static func hashMap<Element>(
        _ elements: [Element], count: Int? = nil, capacity: Int = 16, hash: (Element) -> Int32
    ) -> [Element] {
        var size = 1
        while size < capacity { size *= 2 }
        while (count ?? elements.count) > size * 3 / 4 { size *= 2 }
        return elements.enumerated().map { index, element in
            let code = UInt32(bitPattern: hash(element))
            return (bucket: Int((code ^ code >> 16) & UInt32(size - 1)), index: index, element: element)
        }.sorted { ($0.bucket, $0.index) < ($1.bucket, $1.index) }.map(\.element)
    }
}

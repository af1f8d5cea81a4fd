/// How far the application has come, which what waits for it is ahead of.
extension FetchPlan {
    /// The offset behind what the application had of each partition: of what it gets next; nil while that is looked up.
    var places: [TopicPartition: Offset?] {
        let waiting = buffer.firstOffsets
        var found: [TopicPartition: Offset?] = [:]
        for (partition, position) in positions {
            found.updateValue(waiting[partition] ?? position.offset, forKey: partition)
        }
        return found
    }

    /// How many offsets there are between that and each partition's end; nil where one of both is not known.
    var lag: [TopicPartition: Int64?] {
        var found: [TopicPartition: Int64?] = [:]
        for (partition, place) in places {
            var distance: Int64?
            if let place, let end = positions[partition]?.end { distance = max(0, end - place) }
            found.updateValue(distance, forKey: partition)
        }
        return found
    }
}

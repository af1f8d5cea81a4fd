import KafkaWire

// What is left of a disk when its processes end, or its power.

extension DiskModel {
    /// The processes that have used it are gone: what they wrote is there, and nothing is open.
    mutating func closeAll() {
        for descriptor in descriptors { close(descriptor) }
    }

    /// The power goes, and comes back.
    mutating func losePower(_ loss: Loss, _ random: inout RandomSource) {
        closeAll()
        restart()
        guard loss != .none else { return keepAll() }
        for number in files.keys.sorted() {
            guard let file = files[number] else { continue }
            put(loss == .all ? file.safe : file.torn(&random), as: number)
        }
        // A name that was not made safe is there or not, each by chance.
        keepNames { loss == .torn && random.next() % 2 == 0 }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `poll` is given. A change costs the same however many descriptors there are.
struct PollSet {
    var entries: [pollfd]
    /// The watch of each entry.
    private(set) var watches: [UInt64] = [0]
    private var places: [Int32: Int] = [:]

    /// Of the descriptor that wakes the loop up, which stays in front.
    init(_ wakeUp: Int32) { entries = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)] }

    /// Polls the descriptor for that watch and those events from now on; nil for nothing.
    mutating func set(_ descriptor: Int32, _ watch: (id: UInt64, events: Int16)?) {
        guard let watch else {
            guard let place = places.removeValue(forKey: descriptor) else { return }
            let last = entries.removeLast()
            let lastWatch = watches.removeLast()
            guard place < entries.count else { return }
            entries[place] = last
            watches[place] = lastWatch
            places[last.fd] = place
            return
        }
        let entry = pollfd(fd: descriptor, events: watch.events, revents: 0)
        guard let place = places[descriptor] else {
            places[descriptor] = entries.count
            entries.append(entry)
            return watches.append(watch.id)
        }
        entries[place] = entry
        watches[place] = watch.id
    }
}

extension Readiness {
    /// What `poll` is asked for.
    var polled: Int16 {
        Int16(contains(.readable) ? POLLIN : 0) | Int16(contains(.writable) ? POLLOUT : 0)
    }

    /// What `poll` tells.
    init(polled: Int16) {
        self = []
        if polled & Int16(POLLIN) != 0 { insert(.readable) }
        if polled & Int16(POLLOUT) != 0 { insert(.writable) }
        if polled & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { insert(.failed) }
    }
}

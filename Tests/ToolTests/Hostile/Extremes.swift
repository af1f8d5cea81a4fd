import KafkaWire

/// What a hostile broker does to every answer, wherever in the message it can be done.
enum Hostility: Sendable, Hashable, CaseIterable {
    case leastLongs
    case greatestLongs
    /// All numbers of 32 bits but those by which brokers are found, and partitions' numbers.
    case leastInts
    case greatestInts
    case leastPartitions
    case greatestPartitions
    /// Whatever is listed is listed twice.
    case everythingTwice

    /// The frame with all of it done; nil where it cannot be read.
    func apply(to frame: Bytes, _ api: APIKey, _ version: Int16) -> Bytes? {
        guard let type = API.of(api)?.response else { return nil }
        return apply(type, frame, version)
    }

    private func apply<M: WireMessage>(_: M.Type, _ frame: Bytes, _ version: Int16) -> Bytes? {
        guard var message = try? Frame.decodeResponse(M.self, frame, version: version) else { return nil }
        var walk = Walk(version: version, flexible: M.flexible.contains(version), hostility: self)
        var reader = ByteReader(frame)
        guard (try? walk.visit(&message)) != nil, let id: Int32 = try? reader.integer(),
            let bytes = try? Frame.response(message, version: version, correlationId: id)
        else { return nil }
        return Bytes(Array(bytes[4...]))
    }

    private struct Walk: MessageWalk {
        let version: Int16
        var flexible: Bool
        let hostility: Hostility
        private var names: [String] = []

        init(version: Int16, flexible: Bool, hostility: Hostility) {
            self.version = version
            self.flexible = flexible
            self.hostility = hostility
        }

        mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
            guard field.versions.contains(version) else { return false }
            names.append("\(field.name)".lowercased())
            return true
        }
        mutating func leave() { names.removeLast() }
        mutating func visit(_ value: inout Int64) {
            switch hostility {
            case .leastLongs: value = .min
            case .greatestLongs: value = .max
            default: break
            }
        }

        mutating func visit(_ value: inout Int32) {
            let name = names.last ?? ""
            // By these the client finds its way; a throttle would only make it wait.
            let ways = ["node", "broker", "port", "leader", "controller", "coordinator", "replica", "isr", "throttle"]
            if ways.contains(where: name.contains) { return }
            let isPartition = name.hasPrefix("partition")
            switch hostility {
            case .leastInts where !isPartition, .leastPartitions where isPartition: value = .min
            case .greatestInts where !isPartition, .greatestPartitions where isPartition: value = .max
            default: break
            }
        }

        mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
            guard var array = value else { return }
            for index in array.indices { try array[index].accept(&self) }
            value = hostility == .everythingTwice ? array + array : array
        }
    }
}

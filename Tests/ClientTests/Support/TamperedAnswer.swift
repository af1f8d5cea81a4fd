import KafkaBroker
import Testing

@testable import KafkaWire

/// Changes one thing in a broker's answer, wherever in the message it stands: found by walking the message's fields, so that
/// no place is forgotten.
struct AnswerTampering: Sendable, Hashable, CustomTestStringConvertible {
    enum Change: Sendable, Hashable {
        /// Puts a code into the field of an error.
        case refuses(ErrorCode)
        /// Leaves out the first of what it lists.
        case leavesOut
    }

    var api: APIKey
    var change: Change
    /// Which of the places of that kind.
    var place: Int

    var testDescription: String { "\(api) \(change) at place \(place)" }

    /// The frame with the change, and the name of the changed field; nil where there is no such place in it.
    func apply(to frame: Bytes, version: Int16) -> (frame: Bytes, field: String)? {
        guard let type = API.of(api)?.response else { return nil }
        return apply(type, frame, version)
    }

    private func apply<M: WireMessage>(_: M.Type, _ frame: Bytes, _ version: Int16) -> (frame: Bytes, field: String)? {
        guard var message = try? Frame.decodeResponse(M.self, frame, version: version) else { return nil }
        var walk = Walk(version: version, flexible: M.flexible.contains(version), change: change, place: place)
        var reader = ByteReader(frame)
        guard (try? walk.visit(&message)) != nil, let field = walk.changed, let id: Int32 = try? reader.integer(),
            let bytes = try? Frame.response(message, version: version, correlationId: id)
        else { return nil }
        return (Bytes(Array(bytes[4...])), field)
    }

    private struct Walk: MessageWalk {
        let version: Int16
        var flexible: Bool
        let change: Change
        let place: Int
        private var seen = 0
        private var path: [String] = []
        private(set) var changed: String?

        init(version: Int16, flexible: Bool, change: Change, place: Int) {
            self.version = version
            self.flexible = flexible
            self.change = change
            self.place = place
        }

        private mutating func isPlace() -> Bool {
            seen += 1
            guard seen == place + 1 else { return false }
            changed = path.joined(separator: ".")
            return true
        }

        mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
            guard field.versions.contains(version) else { return false }
            path.append("\(field.name)")
            return true
        }
        mutating func leave() { path.removeLast() }
        mutating func visit(_ value: inout Int16) {
            guard case .refuses(let code) = change, path.last?.hasSuffix("rrorCode") == true, isPlace() else { return }
            value = code.rawValue
        }
        mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
            guard var array = value, E.self is any WireStruct.Type else { return }
            if change == .leavesOut, !array.isEmpty, isPlace() { array.removeFirst() }
            for index in array.indices { try array[index].accept(&self) }
            value = array
        }
    }
}

/// A broker whose answers to one API are tampered with, all of them.
struct TamperedBroker {
    let proxied: ProxiedBroker
    /// The fields that were changed.
    let changed = Seen()
    var address: String { proxied.proxy.address }

    static func start(_ tampering: AnswerTampering, topics: [String: Int] = ["t": 2]) async throws -> TamperedBroker {
        let broker = TamperedBroker(proxied: try await ProxiedBroker.start(topics: topics))
        try await broker.proxied.broker.produce(0..<20, to: "t")
        let changed = broker.changed
        await broker.proxied.proxy.setRule { passing in
            guard !passing.isRequest, passing.api == tampering.api,
                let tampered = tampering.apply(to: passing.frame, version: passing.version)
            else { return .pass }
            changed.add(tampered.field)
            return .replace(tampered.frame)
        }
        return broker
    }

    func stop() async { await proxied.stop() }
}

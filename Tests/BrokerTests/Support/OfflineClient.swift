import KafkaWire

@testable import KafkaBroker

/// Requests to a broker without sockets.
final class OfflineClient {
    let server: OfflineServer
    private var correlation: Int32 = 0

    struct Unanswered: Error {
        var reason: String
    }

    init(_ configuration: KafkaBroker.Configuration = .init(topics: ["t": 1]), connections: Int = 2) throws {
        server = try OfflineServer(configuration, connections: connections)
    }

    /// Sends a request; gives its size.
    @discardableResult
    func send<R: WireRequest>(_ request: R, version: Int16? = nil, on connection: Int = 0) throws -> Int {
        correlation += 1
        let frame = try Frame.request(
            request, version: version ?? latest(R.self), correlationId: correlation, clientId: "test")
        server.receive(Bytes(frame)[4..<frame.count], on: connection)
        return frame.count
    }

    /// Sends a request; gives the bytes of its answer, or why there is none.
    func frame<R: WireRequest>(_ request: R, version: Int16? = nil, on connection: Int = 0) throws -> [UInt8] {
        try send(request, version: version, on: connection)
        for event in server.takeEvents() {
            switch event {
            case .answer(connection, _, _, correlation, let frame): return frame
            case .hangUp(connection, let reason): throw Unanswered(reason: reason)
            default: continue
            }
        }
        throw Unanswered(reason: "it waits")
    }

    func call<R: WireRequest>(_ request: R, version: Int16? = nil, on connection: Int = 0) throws -> R.Response {
        let bytes = Bytes(try frame(request, version: version, on: connection))
        return try Frame.decodeResponse(R.Response.self, bytes[4..<bytes.count], version: version ?? latest(R.self))
    }

    private func latest<R: WireRequest>(_: R.Type) -> Int16 { API.of(R.api)?.latestStable ?? R.versions.upperBound }
}

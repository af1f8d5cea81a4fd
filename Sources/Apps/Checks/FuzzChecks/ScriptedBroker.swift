import KafkaBroker
import KafkaWire

/// A populated broker on a port of 127.0.0.1 whose answers change on their way to the client, as an ``AnswerScript`` says.
/// Nobody waits for anything: its clock moves on when somebody would.
///
/// It lives as long as the process. Each input gives it a new broker and a new script.
actor ScriptedBroker {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    nonisolated let port: UInt16

    private let listener: any LoopSocket
    private var server: OfflineServer?
    private var script = AnswerScript(Bytes(), KnownValues())
    private var channels: [Int: FrameChannel] = [:]
    private static let mostConnections = 24

    static let shared: Result<ScriptedBroker, NetError> = {
        do throws(NetError) { return .success(try ScriptedBroker()) } catch { return .failure(error) }
    }()

    private init() throws(NetError) {
        loop = try SocketLoop(name: "scripted-broker")
        listener = try loop.listen(on: .loopback(port: 0))
        port = listener.localPort
        let listener = listener
        Task { await self.watch(listener) }
    }

    private func watch(_ listener: any LoopSocket) {
        loop.watch(listener, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.accept() } }
    }

    /// A new broker, which answers as `script` says.
    func begin(_ script: Bytes) throws(KafkaBroker.StartError) {
        end()
        let populated = try PopulatedBroker(port: port, connections: Self.mostConnections)
        server = populated.server
        self.script = AnswerScript(script, populated.known)
    }

    /// Nobody is connected any more.
    func end() {
        for index in Array(channels.keys) { close(index) }
        server = nil
    }

    private func accept() {
        while let socket = try? listener.accept() {
            guard let index = (0..<Self.mostConnections).first(where: { channels[$0] == nil }) else {
                socket.close()
                continue
            }
            channels[index] = FrameChannel(socket)
            loop.watch(socket, for: .readable) { [weak self] readiness in
                self?.assumeIsolated { $0.ready(index, readiness) }
            }
        }
    }

    private func close(_ index: Int) {
        guard let channel = channels.removeValue(forKey: index) else { return }
        loop.unwatch(channel.socket)
        channel.socket.close()
        server?.disconnect(index)
    }

    private func ready(_ index: Int, _ readiness: Readiness) {
        if readiness.contains(.writable) { flush(index) }
        guard channels[index] != nil, !readiness.isDisjoint(with: [.readable, .failed]) else { return }
        var frames: [Bytes] = []
        var hasEnded = false
        do throws(FrameChannel.Failure) {
            try channels[index]?.receive {
                frames.append($0)
                return true
            }
        } catch { hasEnded = true }
        for frame in frames where channels[index] != nil { receive(frame, index) }
        if hasEnded { close(index) }
    }

    /// Hands a request to the broker, and lets time pass until it is answered.
    private func receive(_ frame: Bytes, _ index: Int) {
        guard let server else { return close(index) }
        server.receive(frame, on: index)
        answer()
        for pause in [60, 500, 5000, 60_000] where server.waiting > 0 {
            server.advance(.milliseconds(pause))
            answer()
        }
    }

    private func answer() {
        for event in server?.takeEvents() ?? [] {
            switch event {
            case .answer(let index, let key, let version, _, let frame):
                guard let api = API.of(key), channels[index] != nil else { continue }
                let passed = script.pass(frame, api, version)
                channels[index]?.queue(passed.bytes)
                flush(index)
                if passed.ends { close(index) }
            case .hangUp(let index, _): close(index)
            case .silence, .stray: break
            }
        }
    }

    private func flush(_ index: Int) {
        guard let socket = channels[index]?.socket else { return }
        do throws(NetError) {
            let isDone = try channels[index]?.flush() ?? true
            loop.setInterest(socket, isDone ? .readable : [.readable, .writable])
        } catch { close(index) }
    }
}

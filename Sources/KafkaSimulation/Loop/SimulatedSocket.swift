import KafkaWire

/// A socket of a simulated network.
struct SimulatedSocket: LoopSocket {
    let core: SimulationCore
    let id: Int32

    private func end<R>(_ body: (Endpoint) -> R?) -> R? {
        core.with("a socket was looked at") { $0.network.ends[id].flatMap(body) }
    }

    func connectError(to address: SocketAddress) -> NetError? {
        end { end in
            if case .failed(let code) = end.state {
                NetError(.system(code), doing: "connect to \(address)")
            } else {
                nil
            }
        }
    }

    func accept() throws(NetError) -> (any LoopSocket)? {
        let found = try core.network("a connection was accepted") { (network, _) throws(NetError) in
            try network.accept(id)
        }
        return found.map { SimulatedSocket(core: core, id: $0.id) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? {
        try core.network("a socket was read") { (network, now) throws(NetError) in
            try network.read(id, into: buffer, now: now)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
        try core.network("a socket was written to") { (network, now) throws(NetError) in
            try network.write(bytes, to: id, now: now)
        }
    }

    func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
        var taken = 0
        for part in parts where !part.isEmpty {
            let count = try write(part)
            taken += count
            if count < part.count { break }
        }
        return taken
    }

    func write(_ part: FilePart) throws(NetError) -> Int? { nil }

    var localPort: UInt16 { local?.port ?? 0 }

    var peer: SocketAddress? { end(\.remote) }

    var local: SocketAddress? { end(\.local) }

    func shutdownWriting() {
        core.network("a socket was shut down") { network, now in network.shutdownWriting(id, now: now) }
    }

    func close() { core.network("a socket was closed") { network, now in network.close(id, now: now) } }
}

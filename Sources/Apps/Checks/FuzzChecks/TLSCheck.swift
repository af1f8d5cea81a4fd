import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// TLS, and files for it: the first byte chooses what, and the rest is that.
///
/// What a stranger says never completes a handshake, and gets few bytes for an answer; of what goes over a connection that is
/// damaged on its way nothing arrives that was not sent; every end has a sentence, and nothing goes on for ever.
enum TLSCheck {
    /// What an input's first byte chooses, modulo their number.
    enum Kind: UInt8, CaseIterable {
        /// What a client says to a server: a byte for how many bytes come at once, and they.
        case server
        /// What a server says to a client, likewise.
        case client
        /// A connection of both: a byte of options, one for how much is taken at once, and triples of a place, in two bytes of
        /// which the highest bit is the side, and what is done there.
        case damaged
        /// Certificates in PEM.
        case certificates
        /// A key in PEM.
        case key
        /// A PKCS12 file.
        case store
    }

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count > 1, let kind = Kind(rawValue: input[0] % UInt8(Kind.allCases.count)) else { return }
        guard let material else { return }
        let rest = input[1..<input.count]
        let work: () -> Result<Void, Finding> = {
            do throws(Finding) {
                switch kind {
                case .server: try listen(to: rest, .server, material)
                case .client: try listen(to: rest, .client, material)
                case .damaged: try damage(rest, material)
                case .certificates: try readCertificates(rest.copy())
                case .key: try readKey(rest.copy(), material)
                case .store: try readStore(rest.copy())
                }
                return .success(())
            } catch { return .failure(error) }
        }
        try memory.bound("\(kind)", rest.count, perByte: 64 << 10, base: 32 << 20, work).get()
    }

    /// What both sides have, made once.
    struct Material: Sendable {
        var authority: DevelopmentCA.Issued
        var leaf: DevelopmentCA.Issued
        var server: TLSContext
        var demanding: TLSContext
        var clients: [TLSContext]
    }

    static let material: Material? = {
        let validity = DevelopmentCA.Validity(from: 1_600_000_000, until: 4_000_000_000)
        let password: Secret = "p"
        guard let authority = try? DevelopmentCA.authority(named: "A", validity),
            let leaf = try? DevelopmentCA.issue(
                "localhost", .server(names: ["localhost"]), validity, by: authority, password: password)
        else { return nil }
        var options = TLSServerOptions(identity: .pem(certificate: leaf.certificate, key: leaf.key, password: nil))
        guard let server = try? TLSContext(server: options) else { return nil }
        options.clientAuthentication = .required
        options.trust = .pem(authority.certificate)
        guard let demanding = try? TLSContext(server: options) else { return nil }
        let clients = TLSVersion.allCases.compactMap { version -> TLSContext? in
            var options = TLSOptions()
            options.trust = .pem(authority.certificate)
            options.identity = .pem(certificate: leaf.certificate, key: leaf.key, password: nil)
            (options.lowestVersion, options.highestVersion) = (version, version)
            options.resumesSessions = false
            return try? TLSContext(options)
        }
        guard clients.count == TLSVersion.allCases.count else { return nil }
        return Material(authority: authority, leaf: leaf, server: server, demanding: demanding, clients: clients)
    }()

    // MARK: - Strangers

    private static func listen(to input: Bytes, _ side: TLSError.Side, _ material: Material) throws(Finding) {
        let piece = Int(input[0]) + 1
        let bytes = input.copy().dropFirst()
        let (there, back) = (MemoryPipe(), MemoryPipe())
        let inner = MemorySocket(there, back, step: 1 << 14)
        let version = Int(input[0]) % material.clients.count
        let socket: TLSSocket
        do throws(TLSError) {
            socket =
                switch side {
                case .server: try (piece & 2 == 0 ? material.server : material.demanding).accept(over: inner)
                case .client: try material.clients[version].connect(over: inner, host: "localhost", port: 9093)
                }
        } catch { throw Finding("no socket: \(error)") }
        defer { socket.close() }
        var rest = bytes
        while true {
            let step: HandshakeStep
            do throws(TLSError) { step = try socket.handshake() } catch { return try isTold(error, back) }
            try claim(step != .done, "a stranger comes in")
            guard !rest.isEmpty else { break }
            there.put(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
        there.close()
        do throws(TLSError) {
            _ = try socket.handshake()
        } catch { return try isTold(error, back) }
        throw Finding("a handshake goes on behind the end of what was said")
    }

    private static func isTold(_ error: TLSError, _ answers: MemoryPipe) throws(Finding) {
        try TerminalCheck.isHarmless("\(error)")
        let count = answers.state.withLock { $0.passed }
        try claim(count < 64 << 10, "a stranger is answered with \(count) bytes")
    }

    // MARK: - Damage

    private static func damage(_ input: Bytes, _ material: Material) throws(Finding) {
        var source = ByteSource(input)
        let options = source.next()
        let step = Int(source.next()) * 16 + 1
        let pipes = [MemoryPipe(), MemoryPipe()]
        var count = 0
        while !source.isEmpty, count < 16 {
            count += 1
            let place = Int(source.next()) << 8 | Int(source.next())
            let change = source.next()
            pipes[place >> 15].state.withLock { $0.damage[place & 0x7FFF] = change }
        }
        let context = options & 2 == 0 ? material.server : material.demanding
        let ends: [TLSSocket]
        do throws(TLSError) {
            ends = [
                try material.clients[Int(options & 1) % material.clients.count].connect(
                    over: MemorySocket(pipes[1], pipes[0], step: step), host: "localhost", port: 9093),
                try context.accept(over: MemorySocket(pipes[0], pipes[1], step: step)),
            ]
        } catch { throw Finding("no socket: \(error)") }
        defer { for end in ends { end.close() } }
        var talk = TLSTalk(ends)
        // Who is asked for a certificate and has none is turned away.
        try talk.goOn(damaged: count > 0 || options & 2 != 0)
    }

    // MARK: - Files

    private static func readCertificates(_ bytes: [UInt8]) throws(Finding) {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(TLSError) {
            let found = try certificates(pem: text)
            for one in found { _ = "\(one)" }
        } catch { try TerminalCheck.isHarmless("\(error)") }
        var options = TLSOptions()
        options.trust = .pem(text)
        do throws(TLSError) { _ = try TLSContext(options) } catch { try TerminalCheck.isHarmless("\(error)") }
    }

    private static func readKey(_ bytes: [UInt8], _ material: Material) throws(Finding) {
        let identity = TLSIdentity.pem(
            certificate: material.leaf.certificate, key: Secret(bytes), password: nil)
        do throws(TLSError) { _ = try TLSContext(server: TLSServerOptions(identity: identity)) } catch {
            try TerminalCheck.isHarmless("\(error)")
        }
    }

    /// A file may ask for any number of rounds of its hash; whose it is has chosen them, so those of many are left out.
    private static func readStore(_ bytes: [UInt8]) throws(Finding) {
        for place in bytes.indices.dropLast(4) where bytes[place] == 2 && (3...8).contains(bytes[place + 1]) {
            let count = Int(bytes[place + 1])
            guard count < 8, bytes[(place + 2)...].prefix(count).contains(where: { $0 != 0 }) else { return }
        }
        let path = ScratchFolder.next()
        defer { unlink(path) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw Finding("no file \(path)") }
        let written = write(file, bytes, bytes.count)
        guard close(file) == 0, written == bytes.count else { throw Finding("\(path) is not written") }
        var options = TLSOptions()
        options.trust = .pkcs12File(path, password: "p")
        do throws(TLSError) { _ = try TLSContext(options) } catch { try TerminalCheck.isHarmless("\(error)") }
        let identity = TLSIdentity.pkcs12File(path, password: "p")
        do throws(TLSError) { _ = try TLSContext(server: TLSServerOptions(identity: identity)) } catch {
            try TerminalCheck.isHarmless("\(error)")
        }
    }
}

/// Both ends of a connection that shake hands, and send something to each other.
private struct TLSTalk {
    private let ends: [TLSSocket]
    private let said = (0..<2).map { side in (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ side) } }
    private var sent = [0, 0]
    private var heard = [[UInt8]](repeating: [], count: 2)
    private var hasEnded = [false, false]
    private var isShaken = [false, false]

    init(_ ends: [TLSSocket]) { self.ends = ends }

    private var isOver: Bool { hasEnded == [true, true] || (heard[0].count >= 3000 && heard[1].count >= 3000) }

    /// Until both have heard all, or nothing more happens.
    mutating func goOn(damaged: Bool) throws(Finding) {
        var idle = 0
        var rounds = 0
        // A byte at a time, many turns go by in which nobody has anything to show.
        while !isOver, idle < (damaged ? 512 : 20_000) {
            rounds += 1
            try claim(rounds < 200_000, "a connection does not come to its end")
            let before = (sent[0], sent[1], heard[0].count, heard[1].count, isShaken, hasEnded)
            var hasMoved = false
            for side in 0...1 where !hasEnded[side] { if try turn(of: side) { hasMoved = true } }
            let after = (sent[0], sent[1], heard[0].count, heard[1].count, isShaken, hasEnded)
            idle = before == after && !hasMoved ? idle + 1 : 0
        }
        for side in 0...1 {
            try claim(
                said[1 - side].starts(with: heard[side]),
                "side \(side) hears what was not said, behind \(heard[side].count)")
            if !damaged {
                try claim(heard[side].count == 3000, "side \(side) hears \(heard[side].count) bytes of 3000")
            }
        }
    }

    /// Whether something is on its way still.
    private mutating func turn(of side: Int) throws(Finding) -> Bool {
        let end = ends[side]
        do throws(TLSError) {
            if !isShaken[side] {
                let step = try end.handshake()
                isShaken[side] = step == .done
                return step == .wantsWrite
            }
        } catch {
            try TerminalCheck.isHarmless("\(error)")
            return close(side)
        }
        do throws(NetError) {
            let rest = said[side].dropFirst(sent[side])
            let isWaiting = end.wantsToWrite
            if !rest.isEmpty || isWaiting {
                let count = Array(rest).withUnsafeBytes { bytes -> Result<Int, NetError> in
                    do throws(NetError) { return .success(try end.write(bytes)) } catch { return .failure(error) }
                }
                sent[side] += try count.get()
            }
            var buffer = [UInt8](repeating: 0, count: 700)
            let count = buffer.withUnsafeMutableBytes { bytes -> Result<Int?, NetError> in
                do throws(NetError) { return .success(try end.read(into: bytes)) } catch { return .failure(error) }
            }
            guard let count = try count.get() else { return isWaiting }
            guard count > 0 else { return close(side) }
            heard[side] += buffer.prefix(count)
            return isWaiting
        } catch {
            try TerminalCheck.isHarmless("\(error)")
            return close(side)
        }
    }

    private mutating func close(_ side: Int) -> Bool {
        hasEnded[side] = true
        ends[side].close()
        return true
    }
}

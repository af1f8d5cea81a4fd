#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Both sides of ours, over sockets that do what a test wants.
    @Suite(.turn(minutes: 5)) struct TLSSocketTests {
        /// Contexts of both sides.
        struct Pair {
            let client: TLSContext
            let server: TLSContext

            init(
                _ version: TLSVersion = .v13, demanding: Bool = false,
                client change: (inout TLSOptions) -> Void = { _ in }
            ) throws {
                let made = try #require(ForeignCertificates.shared)
                var options = TLSOptions()
                options.trust = .pemFile(made.path("ca.pem"))
                options.highestVersion = version
                options.resumesSessions = false
                if demanding {
                    options.identity = .pemFiles(
                        certificate: made.path("client.pem"), key: made.path("client.key"), password: nil)
                }
                change(&options)
                client = try TLSContext(options)
                var serverOptions = TLSServerTests.options(made)
                serverOptions.highestVersion = version
                if demanding { serverOptions.clientAuthentication = .required }
                server = try TLSContext(server: serverOptions)
            }

            func over(_ a: any LoopSocket, _ b: any LoopSocket) throws -> (TLSSocket, TLSSocket) {
                (try client.connect(over: a, host: "localhost", port: 1), try server.accept(over: b))
            }

            /// Connected, in memory.
            func connected(step: Int = .max, room: Int = 1 << 20) throws -> (
                TLSSocket, TLSSocket, MemorySocket, MemorySocket
            ) {
                let (a, b) = MemorySocket.pair(step: step, room: room)
                let (near, far) = try over(a, b)
                let outcome = Driving.shake(near, far)
                #expect(outcome == (.success(true), .success(true)))
                return (near, far, a, b)
            }
        }

        static func send(_ bytes: [UInt8], _ socket: TLSSocket) throws -> Int {
            try bytes.withUnsafeBytes { try socket.write($0) }
        }

        /// What there is now; nil at the end.
        static func take(_ socket: TLSSocket, most: Int = 1 << 16) throws -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: most)
            guard let count = try buffer.withUnsafeMutableBytes({ try socket.read(into: $0) }) else { return [] }
            return count == 0 ? nil : Array(buffer[..<count])
        }

        /// Sends all of it from one to the other, in one thread.
        static func move(_ bytes: [UInt8], from: TLSSocket, to: TLSSocket) throws -> [UInt8] {
            var sent = 0
            var got: [UInt8] = []
            var idle = 0
            while got.count < bytes.count, idle < 100_000 {
                let before = (sent, got.count)
                sent += try bytes.withUnsafeBytes { try from.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
                guard let next = try take(to) else { break }
                got += next
                idle = before == (sent, got.count) ? idle + 1 : 0
            }
            return got
        }

        @Test(arguments: TLSVersion.allCases) func aByteAtATime(_ version: TLSVersion) throws {
            let (near, far, _, _) = try Pair(version, demanding: true).connected(step: 1)
            #expect(near.details?.version == version.rawValue && far.details?.peer?.subject == "CN=client,O=Test")
            let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try Self.move(bytes, from: near, to: far) == bytes)
            #expect(try Self.move(bytes, from: far, to: near) == bytes)
        }

        /// Small room below: what is taken is bounded, and nothing is lost.
        @Test(arguments: TLSVersion.allCases, [1 << 10, 5 << 10, 70 << 10]) func littleRoom(
            _ version: TLSVersion, _ room: Int
        ) throws {
            let (near, far, a, _) = try Pair(version).connected(room: room)
            let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            let taken = try Self.send(bytes, near)
            #expect(taken <= TLSOutput.gathered + room && near.wantsToWrite)
            #expect(try Self.send(bytes, near) == 0, "nothing more is taken before the socket takes something")
            _ = a
            let first = try Self.move(Array(bytes[taken...]), from: near, to: far)
            #expect(first == Array(bytes[..<first.count]))
        }

        @Test func tenMegabytesBothWays() throws {
            let (a, b) = try TCPSocket.pair()
            for socket in [a, b] {
                var size: Int32 = 8192
                setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDBUF, &size, 4)
                setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
            }
            let (near, far) = try Pair().over(a, b)
            defer {
                near.close()
                far.close()
            }
            #expect(Driving.shake(near, far) == (.success(true), .success(true)))
            let there = (0..<10 << 20).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 9) }
            let back = there.map { ~$0 }
            var sent = [0, 0]
            var got: [[UInt8]] = [[], []]
            var idle = 0
            while got[0].count < back.count || got[1].count < there.count, idle < 10_000 {
                let before = (sent, got.map(\.count))
                for (index, (socket, bytes)) in [(near, there), (far, back)].enumerated() {
                    let start = sent[index]
                    let end = min(start + 300_000, bytes.count)
                    sent[index] += try bytes.withUnsafeBytes {
                        try socket.write(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
                    }
                    got[index] += try Self.take(socket, most: 50_000) ?? []
                }
                idle = before == (sent, got.map(\.count)) ? idle + 1 : 0
            }
            #expect(got[0] == back && got[1] == there)
        }

        @Test func partsAreWrittenInOrder() throws {
            let (near, far, a, _) = try Pair().connected()
            let parts = [3, 0, 40_000, 7, 16_384].map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 + size) }
            }
            let before = a.outgoing.state.withLock { $0.passed }
            let memory = parts.map { part in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, part.count), alignment: 1)
                buffer.copyBytes(from: part)
                return UnsafeRawBufferPointer(rebasing: buffer[..<part.count])
            }
            defer { for buffer in memory { buffer.deallocate() } }
            #expect(try near.write(memory, isMore: true) == parts.joined().count)
            #expect(near.wantsToWrite && a.outgoing.state.withLock { $0.passed } == before, "more follows at once")
            #expect(try near.write(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
            #expect(!near.wantsToWrite)
            var got: [UInt8] = []
            while let next = try Self.take(far), !next.isEmpty { got += next }
            #expect(got == Array(parts.joined()))
        }

        /// What OpenSSL has read ahead the system does not tell of; a part of a record is nothing yet.
        @Test(arguments: TLSVersion.allCases) func inputThatIsHeldIsTold(_ version: TLSVersion) throws {
            let (near, far, a, _) = try Pair(version).connected()
            _ = try Self.take(near)
            #expect(!far.holdsInput && !near.holdsInput)
            for word in ["one", "two", "three"] { #expect(try Self.send(Array(word.utf8), near) == word.utf8.count) }
            #expect(!far.holdsInput, "nothing was read yet")
            #expect(try Self.take(far, most: 1) == Array("o".utf8))
            #expect(far.holdsInput)
            #expect(try Self.take(far, most: 2) == Array("ne".utf8))
            #expect(far.holdsInput, "two whole records wait")
            #expect(try Self.take(far) == Array("twothree".utf8))
            #expect(!far.holdsInput)

            // The next record, all but its last byte, behind a whole one.
            _ = try Self.send(Array("four".utf8), near)
            let whole = a.outgoing.state.withLock { $0.bytes.count }
            _ = try Self.send(Array("five".utf8), near)
            let last = a.outgoing.state.withLock { $0.bytes.removeLast() }
            #expect(a.outgoing.state.withLock { $0.bytes.count } > whole)
            #expect(try Self.take(far, most: 1) == Array("f".utf8))
            #expect(far.holdsInput)
            #expect(try Self.take(far, most: 3) == Array("our".utf8))
            for _ in 0..<3 { #expect(!far.holdsInput) }
            #expect(try Self.take(far) == [])
            a.outgoing.state.withLock { $0.bytes.append(last) }
            #expect(!far.holdsInput)
            #expect(try Self.take(far) == Array("five".utf8))

            // Good-bye, behind other bytes.
            _ = try Self.send(Array("six".utf8), near)
            near.close()
            #expect(try Self.take(far, most: 1) == Array("s".utf8))
            #expect(far.holdsInput)
            #expect(try Self.take(far) == Array("ix".utf8))
            #expect(try Self.take(far) == nil)
        }

        @Test(arguments: [true, false]) func endsAreEnds(_ saysGoodbye: Bool) throws {
            let (near, far, a, _) = try Pair().connected()
            _ = try Self.send([1, 2, 3], near)
            if saysGoodbye { near.shutdownWriting() } else { a.shutdownWriting() }
            #expect(try Self.take(far) == [1, 2, 3])
            for _ in 0..<3 { #expect(try Self.take(far) == nil) }
            // The other direction is open.
            _ = try Self.send([4], far)
            #expect(try Self.take(near) == [4])
        }

        /// The client has long ended its handshake when the server looks at its certificate (TLS 1.3).
        @Test(arguments: [true, false]) func refusalsBehindTheHandshakeAreTold(_ byWriting: Bool) throws {
            let made = try #require(ForeignCertificates.shared)
            let pair = try Pair(.v13, demanding: true) {
                $0.identity = .pemFiles(
                    certificate: made.path("foreignclient.pem"), key: made.path("foreignclient.key"), password: nil)
            }
            let (a, b) = MemorySocket.pair()
            let (near, far) = try pair.over(a, b)
            let outcome = Driving.shake(near, far)
            #expect(outcome.0 == .success(true))
            guard case .failure(let error) = outcome.1 else {
                Issue.record("the server takes it")
                return
            }
            #expect("\(error)".contains("nobody who is trusted here has signed the client's certificate"))
            let thrown = #expect(throws: NetError.self) {
                if byWriting { _ = try Self.send([1], near) }
                _ = try Self.take(near)
            }
            #expect(
                thrown.map { "\($0)" }?.contains("does not believe this side's certificate (unknown_ca)") == true,
                "\(String(describing: thrown))")
            #expect(near.failure?.reason == .certificateRefused(TLSAlert(48)))
            #expect(throws: NetError.self) { try Self.take(near) }
            #expect(throws: NetError.self) { try Self.send([1], near) }
        }

        /// A server says but that it does not take it; this side knows that it has ended.
        @Test func anOwnCertificateThatHasEndedIsTold() throws {
            let made = try #require(ForeignCertificates.shared)
            let pair = try Pair(.v13, demanding: true) {
                $0.identity = .pemFiles(
                    certificate: made.path("expiredclient.pem"), key: made.path("expiredclient.key"), password: nil)
            }
            let (a, b) = MemorySocket.pair()
            let (near, far) = try pair.over(a, b)
            _ = Driving.shake(near, far)
            #expect(throws: NetError.self) { try Self.take(near) }
            guard case .ownExpired(let certificate)? = near.failure?.reason else {
                Issue.record("\(String(describing: near.failure))")
                return
            }
            #expect(
                "\(near.failure.map { "\($0)" } ?? "")".contains("has expired on 2021-02-03 04:05:06 UTC; renew it"))
            #expect(certificate.subject.contains("expiredclient"))
        }

        @Test func whatIsClosedIsUsedNoMore() throws {
            let (near, far, a, _) = try Pair().connected()
            near.close()
            let passed = a.outgoing.state.withLock { $0.passed }
            #expect(throws: NetError(.closed, doing: "write to the connection")) { try Self.send([1], near) }
            #expect(try Self.take(near) == nil && Self.take(far) == nil)
            #expect(a.outgoing.state.withLock { $0.passed } == passed)
            let (c, d) = MemorySocket.pair()
            let (early, _) = try Pair().over(c, d)
            #expect(try Self.send([1], early) == 0, "there is nothing to write to before the handshake")
            early.close()
            #expect(throws: TLSError.self) { try early.handshake() }
        }

        // MARK: - What goes wrong below

        /// Wherever the connection is cut, both sides come to an end.
        @Test(arguments: TLSVersion.allCases, [0, 1]) func handshakesAreCut(_ version: TLSVersion, _ direction: Int)
            throws
        {
            let pair = try Pair(version, demanding: true)
            let (_, _, a, _) = try pair.connected()
            let total = [a.outgoing, a.incoming][direction].state.withLock { $0.passed }
            #expect(total > 500 && total < 10_000)
            for place in 0..<total {
                let (a, b) = MemorySocket.pair()
                [a.outgoing, a.incoming][direction].state.withLock { $0.cutAfter = place }
                let (near, far) = try pair.over(a, b)
                let outcome = Driving.shake(near, far)
                let isWhole = outcome == (.success(true), .success(true))
                // Signatures differ in length: this one was short, and nothing was cut.
                if isWhole, ![a.outgoing, a.incoming][direction].state.withLock({ $0.isClosed }) { continue }
                #expect(!isWhole || version == .v13 && direction == 1, "only the tickets come behind both handshakes")
                for (side, socket) in [(outcome.0, near), (outcome.1, far)] {
                    switch side {
                    case .success(false): Issue.record("\(place): it hangs")
                    case .success(true):
                        // It learns of it when it reads, or when it writes.
                        var hasEnded = false
                        for _ in 0..<3 where !hasEnded {
                            do { hasEnded = try Self.take(socket) == nil || Self.send([1], socket) < 0 } catch {
                                hasEnded = true
                            }
                        }
                        #expect(hasEnded, "\(place): the end is not seen")
                    case .failure(let error):
                        #expect(error.reason == .closed, "\(place): \(error)")
                    }
                }
            }
        }

        /// Bits that change on their way: an error, and never other bytes.
        @Test(arguments: TLSVersion.allCases) func bitsAreChanged(_ version: TLSVersion) throws {
            let pair = try Pair(version)
            var random = RandomSource(seed: version == .v12 ? 12 : 13)
            let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0) }
            var failed = 0
            for _ in 0..<600 {
                let (a, b) = MemorySocket.pair()
                for pipe in [a.outgoing, a.incoming] {
                    let place = Int(random.next() % 4000)
                    let change = UInt8(1 << (random.next() % 8))
                    pipe.state.withLock { $0.damage[place] = change }
                }
                let (near, far) = try pair.over(a, b)
                let outcome = Driving.shake(near, far)
                if case .success(false) = outcome.0, case .success(false) = outcome.1 {
                    // A length that was made larger: both wait for what does not come. The time ends that.
                    failed += 1
                    continue
                }
                guard case (.success(true), .success(true)) = outcome else {
                    failed += 1
                    continue
                }
                for (from, to) in [(near, far), (far, near)] {
                    let got = try? Self.move(bytes, from: from, to: to)
                    if let got { #expect(got == Array(bytes[..<got.count])) } else { failed += 1 }
                }
            }
            #expect(failed > 200)
        }

        /// Records that are left out, sent twice, or change places.
        @Test(arguments: TLSVersion.allCases, ["drop", "twice", "swap", "cut"])
        func recordsAreHeldToTheirOrder(_ version: TLSVersion, _ what: String) throws {
            let (near, far, a, _) = try Pair(version).connected()
            var records: [[UInt8]] = []
            for word in ["first", "second", "third"] {
                _ = try Self.send(Array(word.utf8), near)
                records.append(
                    a.outgoing.state.withLock { state in
                        defer { state.bytes = [] }
                        return state.bytes
                    })
            }
            switch what {
            case "drop": records.remove(at: 1)
            case "twice": records.insert(records[0], at: 1)
            case "swap": records.swapAt(1, 2)
            // More than a byte: the next record's head is known, and takes their place.
            default: records[1].removeLast(8)
            }
            a.outgoing.state.withLock { $0.bytes = Array(records.joined()) }
            #expect(try Self.take(far) == Array("first".utf8))
            let error = #expect(throws: NetError.self) { while try Self.take(far) != nil {} }
            #expect(error.map { "\($0)" }?.contains("something on the way may have changed it") == true)
            #expect(far.holdsInput, "the error is told without the socket")
        }

        /// Bytes of no meaning, with heads of records and without, to either side, before and behind the handshake.
        @Test(arguments: [UInt64(1), 2, 3, 4]) func garbage(_ seed: UInt64) throws {
            let pair = try Pair()
            var random = RandomSource(seed: seed)
            for _ in 0..<500 {
                let (a, b) = MemorySocket.pair()
                let (near, far) = try pair.over(a, b)
                let isBehind = random.next() % 4 == 0
                if isBehind { _ = Driving.shake(near, far) }
                for (socket, pipe) in [(near, a.incoming), (far, b.incoming)] {
                    var bytes = (0..<Int(random.next() % 700)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    if bytes.count > 5, random.next() % 2 == 0 {
                        let length = random.next() % 3 == 0 ? Int(random.next() % 20_000) : bytes.count - 5
                        bytes.replaceSubrange(
                            0..<5,
                            with: [
                                UInt8(20 + random.next() % 5), 3, UInt8(random.next() % 5),
                                UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length),
                            ])
                        if bytes.count > 6, random.next() % 2 == 0 { bytes[5] = UInt8(random.next() % 25) }
                    }
                    pipe.state.withLock {
                        $0.bytes = bytes
                        $0.isClosed = true
                    }
                    do {
                        var turns = 0
                        if isBehind {
                            while try Self.take(socket) != nil, turns < 100 { turns += 1 }
                        } else {
                            while try socket.handshake() != .done, turns < 100 { turns += 1 }
                        }
                        #expect(turns < 100, "seed \(seed): it hangs at \(Hex.encode(bytes))")
                    } catch {}
                    _ = socket.holdsInput
                    socket.close()
                }
            }
        }
    }
#endif

#if Security
    import KafkaWire
    import TestSupport
    import Testing

    @testable import KafkaBroker

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// A client under TLS that waits, and reads as slowly as a test wants.
    private final class TLSTestClient {
        struct Over: Error {}

        private let socket: TLSSocket
        private var correlation: Int32 = 0

        init(_ context: TLSContext, port: UInt16, receiveBuffer: Int32? = nil) async throws {
            let loop = try SocketLoop.common()
            let address = try #require(try await loop.resolve(host: "127.0.0.1", port: port).first)
            var options = SocketOptions()
            options.receiveBuffer = receiveBuffer
            let inner = try loop.connect(to: address, options: options)
            socket = try context.connect(over: inner, host: "127.0.0.1", port: port)
            try wait { try socket.handshake() == .done ? true : nil }
        }

        deinit { socket.close() }

        @discardableResult
        private func wait<R>(pause: UInt32 = 200, _ body: () throws -> R?) throws -> R {
            for _ in 0..<100_000 {
                if let found = try body() { return found }
                usleep(pause)
            }
            throw Over()
        }

        /// Sends bytes, as much at once as the socket takes.
        func send(_ bytes: [UInt8]) throws {
            var sent = 0
            try wait {
                sent += try bytes.withUnsafeBytes { try socket.write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
                return sent == bytes.count && !socket.wantsToWrite ? true : nil
            }
        }

        /// The next frame without its size, in pieces of that many bytes, with a pause behind each.
        func receive(step: Int = 1 << 16, pause: UInt32 = 0) throws -> Bytes {
            let size = try read(4, step, 0).reduce(0) { $0 << 8 | Int($1) }
            return Bytes(try read(size, step, pause))
        }

        private func read(_ count: Int, _ step: Int, _ pause: UInt32) throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let end = min(count, filled + step)
                let got = try wait {
                    try bytes.withUnsafeMutableBytes { buffer in
                        try socket.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end]))
                    }
                }
                guard got > 0 else { throw Over() }
                filled += got
                if pause > 0 { usleep(pause) }
            }
            return bytes
        }

        func frame<R: WireRequest>(_ request: R, version: Int16) throws -> [UInt8] {
            correlation += 1
            return try Frame.request(request, version: version, correlationId: correlation, clientId: "test")
        }

        func call<R: WireRequest>(_ request: R, version: Int16) throws -> R.Response {
            try send(frame(request, version: version))
            return try Frame.decodeResponse(R.Response.self, try receive(), version: version)
        }
    }

    /// Frames that begin and end where records of TLS do, and clients that say little or nothing.
    @Suite(.turn(minutes: 5)) struct TLSFrameTests {
        /// The bytes of a record of TLS at most.
        private static let record = 16_384

        private func start(
            _ change: (inout KafkaBroker.Configuration) -> Void = { _ in }
        ) async throws -> (broker: KafkaBroker, context: TLSContext) {
            let validity = DevelopmentCA.Validity(days: 1, now: try SocketLoop.common().wallMilliseconds / 1000)
            let authority = try DevelopmentCA.authority(named: "Test CA", validity)
            let server = try DevelopmentCA.issue("broker", .server(names: ["127.0.0.1"]), validity, by: authority)
            var configuration = KafkaBroker.Configuration(topics: ["t": 1])
            configuration.security = ListenerSecurity(name: "SSL", .ssl)
            configuration.security.tls = TLSServerOptions(identity: server.identity)
            configuration.maximumMessageBytes = 8 << 20
            change(&configuration)
            var options = TLSOptions()
            options.trust = .pem(authority.certificate)
            return (try await KafkaBroker.start(configuration), try TLSContext(options))
        }

        private static func records(_ size: Int) throws -> [UInt8] {
            var builder = RecordBatchBuilder()
            [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size).withUnsafeBytes {
                builder.append(key: nil, value: $0, timestamp: 1000)
            }
            return try builder.finish(RecordBatchBuilder.Options())
        }

        /// What `make` makes of a size, made as large as `size`; nil where lengths of lengths leave no such one.
        private static func sized<R>(_ size: Int, _ count: (R) -> Int, _ make: (Int) throws -> R) throws -> R? {
            var value = size
            for _ in 0..<8 {
                let made = try make(max(0, value))
                if count(made) == size { return made }
                value += size - count(made)
            }
            return nil
        }

        private static let sizes = [1, 2, 3, 160].flatMap { count in
            [-1, 0, 1].map { count * record + $0 }
        }

        /// Requests of just those sizes, one by one and several in one go: each is answered without a further byte.
        @Test func requestsEndWhereRecordsDo() async throws {
            let (broker, context) = try await start()
            let client = try await TLSTestClient(context, port: broker.port)
            var expected: Offset = 0
            var all: [UInt8] = []
            for size in Self.sizes {
                let frame = try Self.sized(size, \.count) { value in
                    try client.frame(TestClient.produceRequest("t", Self.records(value)), version: 12)
                }
                let bytes = try #require(frame)
                try client.send(bytes)
                all += bytes
                let answer = try Frame.decodeResponse(ProduceResponse.self, try client.receive(), version: 12)
                let partition = try #require(answer.responses.first?.partitionResponses.first)
                #expect(partition.errorCode == .none && partition.baseOffset == expected, "\(size)")
                expected = expected + 1
            }
            try client.send(all)
            for size in Self.sizes {
                let answer = try Frame.decodeResponse(ProduceResponse.self, try client.receive(), version: 12)
                #expect(answer.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none, "\(size)")
            }
            #expect(await broker.endOffsets(of: "t") == [Offset(rawValue: Int64(2 * Self.sizes.count))])
            await broker.stop()
        }

        /// Answers of just those sizes, to a client that takes them slowly through a small buffer, and others that do not wait
        /// for it.
        @Test(arguments: [nil, "file"]) func answersEndWhereRecordsDo(_ kept: String?) async throws {
            let folder = TemporaryFolder()
            let (broker, context) = try await start { if kept != nil { $0.dataDirectory = folder.path } }
            let fast = try await TLSTestClient(context, port: broker.port)
            func fetch(_ offset: Offset) throws -> FetchRequest {
                var request = TestClient.fetchRequest("t", offset: offset, maxBytes: 1)
                request.topics[0].partitions[0].partitionMaxBytes = 1
                return request
            }
            // What stands around the one batch of an answer.
            let made = try Self.records(100)
            _ = try fast.call(TestClient.produceRequest("t", made), version: 12)
            try fast.send(fast.frame(fetch(0), version: 12))
            let around = try fast.receive().count + 4 - made.count
            var offset: Offset = 1
            for size in Self.sizes {
                // Lengths have more digits in larger answers, which are seen below.
                let records = try #require(try Self.sized(size - around, \.count, Self.records))
                let answer = try fast.call(TestClient.produceRequest("t", records), version: 12)
                #expect(answer.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
                try fast.send(fast.frame(fetch(offset), version: 12))
                let frame = try fast.receive()
                let miss = frame.count + 4 - size
                #expect((0...4).contains(miss), "\(size)")
                // Once more with what the digits took.
                let exact = try #require(try Self.sized(size - around - miss, \.count, Self.records))
                _ = try fast.call(TestClient.produceRequest("t", exact), version: 12)
                offset = offset + 2
            }
            let slow = try await TLSTestClient(context, port: broker.port, receiveBuffer: 4096)
            var isExact = 0
            for (index, size) in Self.sizes.enumerated() {
                let wanted = Offset(rawValue: Int64(2 + 2 * index))
                try slow.send(slow.frame(fetch(wanted), version: 12))
                let frame = try slow.receive(step: size > 1 << 20 ? 40_000 : 1500, pause: 300)
                isExact += frame.count + 4 == size ? 1 : 0
                let answer = try Frame.decodeResponse(FetchResponse.self, frame, version: 12)
                let partition = try #require(answer.responses.first?.partitions.first)
                let record = try #require(try partition.records?.batches().first?.records().first)
                #expect(record.offset == wanted, "\(size)")
                let value = try #require(record.value).copy()
                #expect(Set(value).count == 1 && value[0] == UInt8(truncatingIfNeeded: value.count), "\(size)")
            }
            #expect(isExact == Self.sizes.count)
            // A client that takes nothing of many megabytes, and one that is served meanwhile.
            for _ in 0..<8 {
                try slow.send(slow.frame(fetch(Offset(rawValue: Int64(2 * Self.sizes.count))), version: 12))
            }
            for _ in 0..<20 { #expect(try fast.call(ListGroupsRequest(), version: 4).errorCode == .none) }
            for _ in 0..<8 { #expect(try slow.receive(step: 1 << 16, pause: 100).count > 160 * Self.record - 100) }
            await broker.stop()
        }

        /// Who says nothing, half of a first message, or what is no TLS goes when its time is over; others come in meanwhile.
        @Test func whoSaysTooLittleGoes() async throws {
            let (broker, context) = try await start { $0.loginTimeout = .seconds(5) }
            let began = ContinuousClock.now
            let silent = try TestClient(port: broker.port)
            // A record of 512 bytes that begins a ClientHello, of which 43 have come.
            let half = try TestClient(port: broker.port)
            half.send(raw: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 7, count: 32))
            let drip = try TestClient(port: broker.port)
            drip.send(raw: [0x16])
            for _ in 0..<10 {
                let client = try await TLSTestClient(context, port: broker.port)
                #expect(try client.call(ListGroupsRequest(), version: 4).errorCode == .none)
            }
            let waiting = await broker.connections.count
            if ContinuousClock.now - began < .seconds(4) { #expect(waiting >= 3) }
            #expect(silent.isClosed && half.isClosed && drip.isClosed)
            // Who has come in stays, whatever he says.
            let client = try await TLSTestClient(context, port: broker.port)
            try await Task.sleep(for: .seconds(6))
            #expect(try client.call(ListGroupsRequest(), version: 4).errorCode == .none)
            await broker.stop()
        }
    }
#endif

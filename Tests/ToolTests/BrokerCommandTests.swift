import KafkaWire
import TestSupport
import Testing

@testable import KW

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kw broker` as a user runs it.
@Suite(.turn) struct BrokerCommandTests {
    @Test(arguments: [SIGTERM, SIGINT]) func startsAnswersAndStops(signal: Int32) async throws {
        let run = try Program.start(["broker", "--listen", "127.0.0.1:0", "--topic", "a:3", "--topic", "b"])
        var ready = ""
        try await eventually {
            ready = try run.output.text()
            return ready.hasSuffix("\n")
        }
        #expect(ready.hasPrefix("kw broker is ready on 127.0.0.1:"))
        #expect(ready.hasSuffix(" (topics a:3, b:1; data in memory)\n"))
        let port = ready.split(separator: ":").dropFirst().first.flatMap { UInt16($0.prefix { $0.isNumber }) }
        if let port {
            let request = MetadataRequest.with { $0.topics = nil }
            let frame = try Frame.request(request, version: 12, correlationId: 7, clientId: "test")
            let answer = try Self.exchange(frame, port: port)
            let explanation = Explanation(responseFrame: answer, of: MetadataResponse.self, version: 12)
            #expect(explanation.failure == nil)
            #expect(explanation.rows.first { $0.path == "header.correlationId" }?.value == "7")
            #expect(explanation.rows.first { $0.path == "body.topics" }?.value == "2 elements")
        }
        kill(run.id, signal)
        let outcome = try run.wait()
        #expect(outcome.status == 0)
        #expect(outcome.error.isEmpty)
        #expect(outcome.output.dropFirst(ready.count).hasPrefix("kw broker stopped: 0 records in 2 topics, up "))
    }

    @Test func aPortThatIsTakenIsOneSentence() async throws {
        let (descriptor, port) = try Self.listener()
        defer { close(descriptor) }
        let outcome = try Program.kw(["broker", "--listen", "127.0.0.1:\(port)"])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw broker: The broker cannot start: "))
        #expect(outcome.error.split(separator: "\n").count == 1)
        #expect(outcome.error.contains("ss -ltnp"))
    }

    @Test func endpointsAndTopicsAreReadFromText() throws {
        #expect(try Endpoint("localhost:9092") == Endpoint(host: "localhost", port: 9092))
        #expect(try Endpoint("[::1]:0") == Endpoint(host: "::1", port: 0))
        for text in ["", "localhost", "localhost:", "localhost:70000", "::1:9092", "a:-1"] {
            #expect(throws: (any Error).self) { try Endpoint(text) }
        }
        #expect(try NamedTopic("orders:4").partitions == 4)
        #expect(try NamedTopic("orders").partitions == nil)
        for text in ["orders:", "orders:0", "orders:x", "orders:1:2"] {
            #expect(throws: (any Error).self) { try NamedTopic(text) }
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func socket() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #elseif canImport(Musl)
            let descriptor = Musl.socket(AF_INET, SOCK_STREAM, 0)
        #else
            let descriptor = Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #endif
        try #require(descriptor >= 0)
        return descriptor
    }

    static func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = try socket()
        var address = address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(bind(descriptor, pointer, size) == 0)
                try #require(listen(descriptor, 1) == 0)
                try #require(getsockname(descriptor, pointer, &size) == 0)
            }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A connection whose waits end after ten seconds; the caller closes it.
    static func connected(_ port: UInt16) throws -> Int32 {
        let descriptor = try socket()
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = address(port)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0)
            }
        }
        return descriptor
    }

    /// Sends a frame and takes one back, its size included.
    static func exchange(_ frame: [UInt8], port: UInt16) throws -> Bytes {
        let descriptor = try connected(port)
        defer { close(descriptor) }
        try #require(send(descriptor, frame, frame.count, 0) == frame.count)
        var received: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            var reader = ByteReader(Bytes(received))
            if let size = try? reader.integer(Int32.self), received.count >= 4 + Int(size) { return Bytes(received) }
            let count = recv(descriptor, &part, part.count, 0)
            try #require(count > 0)
            received += part[..<count]
        }
    }
}

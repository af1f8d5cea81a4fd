import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A hand-made client: one blocking socket, requests as bytes. Every wait ends after a while.
final class TestClient {
    private let descriptor: Int32
    private var correlation: Int32 = 0

    struct Closed: Error {}

    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        // Programs that other tests start do not get it.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Closed() }
    }

    deinit { if !isOver { systemClose(descriptor) } }

    /// Ends the connection.
    func close() {
        systemClose(descriptor)
        isOver = true
    }
    private var isOver = false

    /// Sends raw bytes; answers how many the system took.
    @discardableResult
    func send(raw bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                #if canImport(Darwin)
                    let count = write(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
                #else
                    let count = Glibc.send(
                        descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
                #endif
                if count <= 0 { break }
                sent += count
            }
            return sent
        }
    }

    /// Sends a request; gives its correlation id.
    @discardableResult
    func send<R: WireRequest>(_ request: R, version: Int16) throws -> Int32 {
        correlation += 1
        send(raw: try Frame.request(request, version: version, correlationId: correlation, clientId: "test"))
        return correlation
    }

    /// The next frame without its size. Throws ``Closed`` where the connection has ended, or nothing comes.
    func receive() throws -> Bytes {
        let size = try read(4).reduce(0) { $0 << 8 | Int($1) }
        return Bytes(try read(size))
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress.map { $0 + filled }, count - filled, 0)
            }
            guard got > 0 else { throw Closed() }
            filled += got
        }
        return bytes
    }

    /// Whether the broker has closed the connection, or reset it, without a further answer.
    var isClosed: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    /// Sends a request and waits for its answer.
    func call<R: WireRequest>(_ request: R, version: Int16? = nil) throws -> R.Response {
        let version = version ?? API.of(R.api)?.latestStable ?? R.versions.upperBound
        try send(request, version: version)
        return try Frame.decodeResponse(R.Response.self, try receive(), version: version)
    }

    // MARK: - Common requests

    func produce(
        _ topic: String, _ records: [UInt8], partition: PartitionID = 0, acks: Int16 = -1, version: Int16 = 12
    ) throws -> ProduceResponse.TopicProduceResponse.PartitionProduceResponse {
        let response = try call(
            Self.produceRequest(topic, records, partition: partition, acks: acks), version: version)
        guard let answer = response.responses.first?.partitionResponses.first else { throw Closed() }
        return answer
    }

    static func produceRequest(_ topic: String, _ records: [UInt8], partition: PartitionID = 0, acks: Int16 = -1)
        -> ProduceRequest
    {
        .with {
            $0.acks = acks
            $0.timeoutMs = 1000
            $0.topicData = [
                .with {
                    $0.name = topic
                    $0.partitionData = [
                        .with {
                            $0.index = partition
                            $0.records = Records(Bytes(records))
                        }
                    ]
                }
            ]
        }
    }

    static func fetchRequest(
        _ topic: String, offset: Offset, partitions: [PartitionID] = [0], maxWaitMs: Milliseconds = 0,
        minBytes: Int32 = 1,
        maxBytes: Int32 = 1 << 20
    ) -> FetchRequest {
        .with {
            $0.maxWaitMs = maxWaitMs
            $0.minBytes = minBytes
            $0.maxBytes = maxBytes
            $0.topics = [
                .with {
                    $0.topic = topic
                    $0.partitions = partitions.map { partition in
                        .with {
                            $0.partition = partition
                            $0.fetchOffset = offset
                            $0.partitionMaxBytes = 1 << 20
                        }
                    }
                }
            ]
        }
    }

    func fetch(_ topic: String, offset: Offset, version: Int16 = 12) throws
        -> FetchResponse.FetchableTopicResponse.PartitionData
    {
        let response = try call(Self.fetchRequest(topic, offset: offset), version: version)
        guard let answer = response.responses.first?.partitions.first else { throw Closed() }
        return answer
    }
}

// The method has the name of the system's call.
private func systemClose(_ descriptor: Int32) { _ = close(descriptor) }

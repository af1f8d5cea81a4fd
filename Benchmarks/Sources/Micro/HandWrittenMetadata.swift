import KafkaWire

/// The metadata response in version 12 as somebody writes it who needs only that: straight-line code over a pointer,
/// the same values, the same checks (bounds, null, UTF-8, unknown tagged fields kept). The visitors are measured against
/// it.
enum HandWrittenMetadata {
    enum Failure: Error { case truncated, null, tooLong, notUTF8, trailing }

    static func decode(_ bytes: Bytes) throws(Failure) -> MetadataResponse {
        let outcome: Result<MetadataResponse, Failure> = bytes.withUnsafeBytes { raw in
            do throws(Failure) {
                var reader = Reader(raw, of: bytes)
                let response = try reader.response()
                guard reader.remaining == 0 else { throw Failure.trailing }
                return .success(response)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    static func encode(_ response: MetadataResponse) throws(Failure) -> [UInt8] {
        var writer = Writer(capacity: 256)
        try writer.response(response)
        return writer.array()
    }

    // MARK: - Reading

    private struct Reader {
        private let base: UnsafeRawPointer?
        private let end: Int
        private var at = 0
        private let bytes: Bytes

        init(_ raw: UnsafeRawBufferPointer, of bytes: Bytes) {
            base = raw.baseAddress
            end = raw.count
            self.bytes = bytes
        }

        var remaining: Int { end - at }

        mutating func response() throws(Failure) -> MetadataResponse {
            var response = MetadataResponse()
            response.throttleTimeMs = try integer()
            let brokers = try count()
            response.brokers.reserveCapacity(min(brokers, remaining / 11))
            for _ in 0..<brokers {
                var broker = MetadataResponse.MetadataResponseBroker()
                broker.nodeId = try integer()
                broker.host = try string()
                broker.port = try integer()
                broker.rack = try nullableString()
                broker.unknownTaggedFields = try tags()
                response.brokers.append(broker)
            }
            response.clusterId = try nullableString()
            response.controllerId = try integer()
            let topics = try count()
            response.topics.reserveCapacity(min(topics, remaining / 26))
            for _ in 0..<topics { response.topics.append(try topic()) }
            response.unknownTaggedFields = try tags()
            return response
        }

        private mutating func topic() throws(Failure) -> MetadataResponse.MetadataResponseTopic {
            var topic = MetadataResponse.MetadataResponseTopic()
            topic.errorCode = try integer()
            topic.name = try nullableString()
            topic.topicId = TopicID(rawValue: Uuid(high: try integer(), low: try integer()))
            topic.isInternal = try integer(UInt8.self) != 0
            let partitions = try count()
            topic.partitions.reserveCapacity(min(partitions, remaining / 18))
            for _ in 0..<partitions {
                var partition = MetadataResponse.MetadataResponseTopic.MetadataResponsePartition()
                partition.errorCode = try integer()
                partition.partitionIndex = try integer()
                partition.leaderId = try integer()
                partition.leaderEpoch = try integer()
                partition.replicaNodes = try integers()
                partition.isrNodes = try integers()
                partition.offlineReplicas = try integers()
                partition.unknownTaggedFields = try tags()
                topic.partitions.append(partition)
            }
            topic.topicAuthorizedOperations = try integer()
            topic.unknownTaggedFields = try tags()
            return topic
        }

        private mutating func integer<T: WireScalar>() throws(Failure) -> T
        where T.RawValue: FixedWidthInteger & BitwiseCopyable { T(rawValue: try integer()) }

        private mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
            _: T.Type = T.self
        ) throws(Failure) -> T {
            guard let base, end - at >= MemoryLayout<T>.size else { throw .truncated }
            defer { at += MemoryLayout<T>.size }
            return T(bigEndian: base.loadUnaligned(fromByteOffset: at, as: T.self))
        }

        private mutating func varint() throws(Failure) -> Int {
            var value = 0
            for shift in stride(from: 0, to: 35, by: 7) {
                let byte = try integer(UInt8.self)
                value |= Int(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            throw .tooLong
        }

        private mutating func count() throws(Failure) -> Int {
            let count = try varint() - 1
            guard count >= 0 else { throw .null }
            guard count <= remaining else { throw .truncated }
            return count
        }

        private mutating func integers() throws(Failure) -> [BrokerID] {
            let count = try count()
            guard let base, count * 4 <= remaining else { throw .truncated }
            let from = base + at
            at += count * 4
            return [BrokerID](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in 0..<count {
                    let id = Int32(bigEndian: from.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
                    buffer.initializeElement(at: index, to: BrokerID(id))
                }
                initialized = count
            }
        }

        private mutating func string() throws(Failure) -> String {
            guard let text = try nullableString() else { throw .null }
            return text
        }

        private mutating func nullableString() throws(Failure) -> String? {
            let count = try varint() - 1
            if count < 0 { return nil }
            guard let base, count <= remaining else { throw .truncated }
            let utf8 = UnsafeRawBufferPointer(start: base + at, count: count).bindMemory(to: UInt8.self)
            guard let text = String(validating: utf8, as: UTF8.self) else { throw .notUTF8 }
            at += count
            return text
        }

        private mutating func tags() throws(Failure) -> [UnknownTaggedField] {
            let count = try varint()
            var tags: [UnknownTaggedField] = []
            for _ in 0..<count {
                let tag = UInt32(truncatingIfNeeded: try varint())
                let size = try varint()
                guard size <= remaining else { throw .truncated }
                tags.append(UnknownTaggedField(tag: tag, bytes: bytes[at..<at + size]))
                at += size
            }
            return tags
        }
    }

    // MARK: - Writing

    private struct Writer: ~Copyable {
        private var memory: UnsafeMutableRawPointer
        private var capacity: Int
        private var at = 0

        init(capacity: Int) {
            memory = .allocate(byteCount: capacity, alignment: 16)
            self.capacity = capacity
        }

        deinit { memory.deallocate() }

        func array() -> [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: at)) }

        mutating func response(_ response: MetadataResponse) throws(Failure) {
            integer(response.throttleTimeMs)
            try count(response.brokers.count)
            for broker in response.brokers {
                integer(broker.nodeId)
                try string(broker.host)
                integer(broker.port)
                try string(broker.rack)
                try tags(broker.unknownTaggedFields)
            }
            try string(response.clusterId)
            integer(response.controllerId)
            try count(response.topics.count)
            for topic in response.topics {
                integer(topic.errorCode)
                try string(topic.name)
                integer(topic.topicId.rawValue.high)
                integer(topic.topicId.rawValue.low)
                integer(topic.isInternal ? 1 as UInt8 : 0)
                try count(topic.partitions.count)
                for partition in topic.partitions {
                    integer(partition.errorCode)
                    integer(partition.partitionIndex)
                    integer(partition.leaderId)
                    integer(partition.leaderEpoch)
                    try integers(partition.replicaNodes)
                    try integers(partition.isrNodes)
                    try integers(partition.offlineReplicas)
                    try tags(partition.unknownTaggedFields)
                }
                integer(topic.topicAuthorizedOperations)
                try tags(topic.unknownTaggedFields)
            }
            try tags(response.unknownTaggedFields)
        }

        private mutating func reserve(_ extra: Int) {
            guard capacity - at < extra else { return }
            capacity = max(capacity * 2, at + extra)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            larger.copyMemory(from: memory, byteCount: at)
            memory.deallocate()
            memory = larger
        }

        private mutating func integer<T: WireScalar>(_ value: T)
        where T.RawValue: FixedWidthInteger & BitwiseCopyable { integer(value.rawValue) }

        private mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
            reserve(MemoryLayout<T>.size)
            memory.storeBytes(of: value.bigEndian, toByteOffset: at, as: T.self)
            at += MemoryLayout<T>.size
        }

        private mutating func varint(_ value: Int) {
            reserve(5)
            var rest = value
            while rest >= 0x80 {
                memory.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: at, as: UInt8.self)
                at += 1
                rest >>= 7
            }
            memory.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: at, as: UInt8.self)
            at += 1
        }

        private mutating func count(_ count: Int) throws(Failure) {
            guard count < Int(Int32.max) else { throw .tooLong }
            varint(count + 1)
        }

        private mutating func integers(_ values: [BrokerID]) throws(Failure) {
            try count(values.count)
            reserve(4 * values.count)
            for value in values {
                memory.storeBytes(of: value.rawValue.bigEndian, toByteOffset: at, as: Int32.self)
                at += 4
            }
        }

        private mutating func string(_ text: String?) throws(Failure) {
            guard var text else { return varint(0) }
            let size = text.utf8.count
            try count(size)
            reserve(size)
            text.withUTF8 { utf8 in
                if let from = utf8.baseAddress { (memory + at).copyMemory(from: from, byteCount: size) }
            }
            at += size
        }

        private mutating func tags(_ tags: [UnknownTaggedField]) throws(Failure) {
            varint(tags.count)
            for tag in tags.sorted(by: { $0.tag < $1.tag }) {
                varint(Int(tag.tag))
                try count(tag.bytes.count - 1)
                reserve(tag.bytes.count)
                tag.bytes.withUnsafeBytes { raw in
                    if let from = raw.baseAddress { (memory + at).copyMemory(from: from, byteCount: raw.count) }
                }
                at += tag.bytes.count
            }
        }
    }
}

import KafkaWire

/// Cutting the received stream into frames.
enum Frames {
    static func run() throws -> [Measurement] {
        func stream(_ size: Int, _ count: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<count {
                withUnsafeBytes(of: UInt32(size).bigEndian) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: repeatElement(7, count: size))
            }
            return bytes
        }
        let small = stream(100, 1000)
        let large = stream(1 << 20, 4)
        func run(_ stream: [UInt8]) throws -> Int {
            var assembler = FrameAssembler()
            return try stream.withUnsafeBytes { try assembler.append($0).count }
        }
        return [
            Measurement(
                name: "frames of 100 B out of the stream",
                value: try Stopwatch.nanoseconds(operations: 1000) { consume(try run(small)) }, unit: "ns/frame",
                design: ""),
            Measurement(
                name: "frames of 1 MiB out of the stream",
                value: Double(large.count) / (try Stopwatch.nanoseconds { consume(try run(large)) }), unit: "GB/s",
                design: ""),
        ]
    }
}

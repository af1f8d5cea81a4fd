import KafkaWire

/// CRC-32C, in gigabytes a second.
enum Checksums {
    static func run() -> [Measurement] {
        let bytes = Bytes((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        return bytes.withUnsafeBytes { all in
            let kilobyte = UnsafeRawBufferPointer(rebasing: all[0..<1024])
            func speed(_ count: Int, _ body: () -> UInt32) -> Double {
                Double(count) / Stopwatch.nanoseconds { consume(body()) }
            }
            return [
                Measurement(
                    name: "CRC-32C, the processor's, 1 MiB", value: speed(all.count) { CRC32C.checksum(all) },
                    unit: "GB/s", design: "29 to 31"),
                Measurement(
                    name: "CRC-32C, the processor's, 1 KiB", value: speed(1024) { CRC32C.checksum(kilobyte) },
                    unit: "GB/s", design: ""),
                Measurement(
                    name: "CRC-32C, tables, 1 MiB", value: speed(all.count) { CRC32C.portable(~0, all) },
                    unit: "GB/s", design: "4"),
            ]
        }
    }
}

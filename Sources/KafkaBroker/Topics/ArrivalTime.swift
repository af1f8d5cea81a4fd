import KafkaWire

extension RecordBatch {
    /// The batch with the time of its arrival, in milliseconds since 1970, in place of the producer's times
    /// (`message.timestamp.type=LogAppendTime`): the header's mark says that it counts for every record, so that the
    /// records stay packed as they are.
    func stamped(arrival time: Int64) -> RecordBatch? {
        var stamped = bytes.withUnsafeBytes { Array($0) }
        guard stamped.count >= Layout.headerSize else { return nil }
        let attributes = self.attributes.rawValue | 1 << 3
        stamped.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: attributes.bigEndian, toByteOffset: Layout.attributes, as: UInt16.self)
            raw.storeBytes(of: time.bigEndian, toByteOffset: Layout.maxTimestamp, as: Int64.self)
            let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[Layout.attributes...]))
            // The checksum's four bytes end where what it covers begins.
            let at = Layout.attributes - MemoryLayout<UInt32>.size
            raw.storeBytes(of: checksum.bigEndian, toByteOffset: at, as: UInt32.self)
        }
        return try? RecordBatch(Bytes(stamped))
    }
}

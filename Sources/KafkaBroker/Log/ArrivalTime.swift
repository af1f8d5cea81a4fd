import KafkaWire

extension RecordBatch {
    /// The batch with another highest time, in milliseconds since 1970, in its header. With `isArrival` it is the time of
    /// the batch's arrival, in place of the producer's times (`message.timestamp.type=LogAppendTime`): the header's mark
    /// says that it counts for every record, so that the records stay packed as they are.
    func stamped(with time: Int64, isArrival: Bool) -> RecordBatch? {
        var stamped = bytes.withUnsafeBytes { Array($0) }
        guard stamped.count >= Layout.headerSize else { return nil }
        let mark: UInt16 = 1 << 3
        let attributes = isArrival ? attributes.rawValue | mark : attributes.rawValue & ~mark
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

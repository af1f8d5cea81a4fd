import KafkaWire

/// What holds for a structure that decoded: it can be written, and reads as the same value again.
struct RoundTrip<Value> {
    let name: String
    /// Whether a value has several spellings: long varints, tags out of order, defaults written out.
    let isFlexible: Bool
    let decode: (Bytes) throws(WireError) -> Value
    let encode: (Value) throws(WireError) -> [UInt8]
    let values: (Value) throws(WireError) -> WireValue

    /// Holds `value`, which was read from `bytes`, to that.
    func check(_ value: Value, of bytes: Bytes) throws(Finding) {
        let written = try succeeding("encoding") { () throws(WireError) in Bytes(try encode(value)) }
        try canonical(written, from: bytes)
        let again = try succeeding("decoding what was encoded") { () throws(WireError) in try decode(written) }
        let rewritten = try succeeding("encoding again") { () throws(WireError) in Bytes(try encode(again)) }
        try claim(rewritten == written, "\(name) encodes to \(written), and what that decodes to, to \(rewritten)")
        let before = try succeeding("listing values") { () throws(WireError) in try values(value) }
        let after = try succeeding("listing values again") { () throws(WireError) in try values(again) }
        try claim(before == after, "\(name) decodes to \(before), and written and read again, to \(after)")
    }

    /// No spelling is shorter than the one that is written. Where there is but one, only a boolean, which any number
    /// but 0 makes true, may look different.
    private func canonical(_ written: Bytes, from read: Bytes) throws(Finding) {
        try claim(written.count <= read.count, "\(name): \(read) encodes to more, \(written)")
        guard !isFlexible else { return }
        let isSame =
            written == read
            || written.count == read.count
                && (0..<read.count).allSatisfy { written[$0] == read[$0] || written[$0] == 1 && read[$0] > 1 }
        try claim(isSame, "\(name): \(read) encodes to \(written)")
    }

    private func succeeding<R>(_ what: String, _ work: () throws(WireError) -> R) throws(Finding) -> R {
        do throws(WireError) { return try work() } catch {
            throw Finding("\(name) decodes, but \(what) says: \(error)")
        }
    }
}

import JSONLines
import KafkaWire

/// A vector of one message, as `Fixtures/golden/README.md` describes it.
package enum MessageVector {
    /// What is wrong; nil where the vector passes everything: it decodes to the values of its JSON, encodes back to the
    /// same bytes, throws at every length that is too short, and neither traps nor hangs with any bit flipped.
    package static func failure(_ vector: JSON) -> String? {
        guard let version = vector["version"].number.flatMap({ Int16(exactly: $0) }), let bytes = vector["hex"].hex
        else { return "the vector has no version or no bytes" }
        let name = vector["api"].text ?? "?"
        guard let type = VectorType.of(vector) else {
            return "\(name) (key \(vector["key"].number ?? -1)) is not known to this build"
        }
        let place = "\(type.name) v\(version)"
        do throws(WireError) {
            let (values, encoded) = try type.roundTrip(bytes, version)
            if let found = values.difference(from: vector["json"]) { return "\(place), \(found)" }
            guard Bytes(encoded) == bytes else { return "\(place) encodes to \(Bytes(encoded)), not to \(bytes)" }
            if let other = vector["alsoDecodes"].hex {
                let (values, encoded) = try type.roundTrip(other, version)
                if let found = values.difference(from: vector["json"]) { return "\(place), alsoDecodes: \(found)" }
                guard Bytes(encoded) == bytes else {
                    return "\(place), alsoDecodes encodes to \(Bytes(encoded)), not to \(bytes)"
                }
            }
        } catch { return "\(error)" }
        if let wanted = vector["headerVersion"].number, let header = type.headerVersion(version), wanted != header {
            return "\(place) has header version \(header), not \(wanted)"
        }
        for length in 0..<bytes.count where (try? type.decode(bytes[0..<length], version)) != nil {
            return "\(place) decodes though only \(length) of its \(bytes.count) bytes are there"
        }
        var mutated = bytes.copy()
        for bit in 0..<mutated.count * 8 {
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            // Decoding and throwing are both right; a trap would end the program here.
            try? type.decode(Bytes(mutated), version)
            mutated[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        return nil
    }
}

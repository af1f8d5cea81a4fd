/// A row bit by bit: how a varint is put together, and what the bits of a set mean.
extension Explanation {
    /// Bits with a meaning.
    public enum Bits: Equatable, Sendable {
        /// A number in groups of seven bits.
        case varint(Varint)
        /// The parts of a number that holds several things, lowest bits first.
        case flags([Flag])
    }

    /// A number in groups of seven bits, the lowest first (LEB128, as in Protocol Buffers): the top bit of each byte
    /// says whether another follows.
    public struct Varint: Equatable, Sendable {
        /// What the number is.
        public enum Form: String, Sendable {
            /// A number without a sign.
            case unsigned
            /// A number whose lowest bit is its sign.
            case zigzag
            /// A length plus one; 0 is null.
            case compactLength = "compact length"
        }

        /// Its bytes.
        public let bytes: Bytes
        /// What the number is.
        public let form: Form

        /// The number as it stands, before it is taken for what it is.
        public var raw: UInt64 {
            bytes.withUnsafeBytes { buffer in
                buffer.prefix(10).enumerated().reduce(0) { $0 | UInt64($1.element & 0x7F) << UInt64(7 * $1.offset) }
            }
        }

        /// The number that is meant; nil for the length of null.
        public var value: Int64? {
            switch form {
            case .unsigned: Int64(truncatingIfNeeded: raw)
            case .zigzag: Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
            case .compactLength: raw == 0 ? nil : Int64(truncatingIfNeeded: raw) &- 1
            }
        }

        /// Each byte with the bit that announces another one set apart: `1|0101100`, `0|0000010`.
        public var split: [String] {
            bytes.withUnsafeBytes {
                $0.map { Self.binary(UInt32($0 >> 7), 1) + "|" + Self.binary(UInt32($0 & 0x7F), 7) }
            }
        }

        /// The groups of seven bits in the order in which they are read as a number, highest first.
        public var groups: [String] {
            bytes.withUnsafeBytes { $0.reversed().map { Self.binary(UInt32($0 & 0x7F), 7) } }
        }

        /// All of it: `ac 02 → 1|0101100 0|0000010 → 0000010 0101100 = 300 → zigzag 150`.
        public var text: String {
            let digits = bytes.withUnsafeBytes { $0.map { Hex.encode([$0]) } }.joined(separator: " ")
            let start = "\(digits) → \(split.joined(separator: " ")) → \(groups.joined(separator: " ")) = \(raw)"
            switch (form, value) {
            case (.unsigned, _): return start
            case (.zigzag, let value): return start + " → zigzag \(value ?? 0)"
            case (.compactLength, let value?): return start + " → length \(value)"
            case (.compactLength, nil): return start + " → null"
            }
        }

        static func binary(_ value: UInt32, _ width: Int) -> String {
            let digits = String(value, radix: 2)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    /// Some neighbouring bits of a number.
    public struct Flag: Equatable, Sendable {
        /// Which bits, counted from the lowest, which is 0.
        public let bits: ClosedRange<Int>
        /// What they hold.
        public let value: UInt32
        /// What that means.
        public let meaning: String

        /// All of it: `bits 0-2  010  snappy`.
        public var text: String {
            let place = bits.count == 1 ? "bit \(bits.lowerBound)" : "bits \(bits.lowerBound)-\(bits.upperBound)"
            let padding = String(repeating: " ", count: max(1, 11 - place.count))
            return place + padding + Varint.binary(value, bits.count) + "  " + meaning
        }
    }
}

extension Explanation.Row {
    /// How the row's number is a set of bits. Which one it is stands with the row, since names and types do not tell.
    enum FlagLayout: Sendable {
        case batchAttributes
        case messageAttributes
        case operations
    }

    /// The row bit by bit: its varints in their order, or the bits of a set; empty where it has neither. Made when it
    /// is asked for.
    public var bits: [Explanation.Bits] {
        guard kind == .field else { return [] }
        if let flagLayout { return [.flags(flags(flagLayout))] }
        let form: Explanation.Varint.Form
        var count = 1
        switch type {
        case "uvarint": form = .unsigned
        case "uvarint, uvarint": (form, count) = (.unsigned, 2)
        case "varint", "varlong", "varint bytes": form = .zigzag
        case let type where type.hasPrefix("compact "): form = .compactLength
        default: return []
        }
        var found: [Explanation.Bits] = []
        var start = 0
        for _ in 0..<count {
            guard let end = (start..<min(bytes.count, start + 10)).first(where: { bytes[$0] < 0x80 }) else { break }
            found.append(.varint(.init(bytes: bytes[start..<end + 1], form: form)))
            start = end + 1
        }
        return found
    }

    private func flags(_ layout: FlagLayout) -> [Explanation.Flag] {
        let number = bytes.withUnsafeBytes { $0.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        func part(_ bits: ClosedRange<Int>, _ meaning: (UInt32) -> String) -> Explanation.Flag {
            let value = number >> UInt32(bits.lowerBound) & (UInt32.max >> UInt32(32 - bits.count))
            return .init(bits: bits, value: value, meaning: meaning(value))
        }
        func codec(_ value: UInt32) -> String {
            let codec = Compression(rawValue: UInt8(truncatingIfNeeded: value))
            return codec.map { $0 == .none ? "not compressed" : $0.name } ?? "unknown codec"
        }
        func unused(_ value: UInt32) -> String { value == 0 ? "unused" : "unused, but set" }
        let time = part(3...3) { $0 == 0 ? "CreateTime: the producer's clock" : "LogAppendTime: the broker's clock" }
        switch layout {
        case .batchAttributes:
            return [
                part(0...2, codec), time,
                part(4...4) { $0 == 0 ? "not transactional" : "transactional" },
                part(5...5) { $0 == 0 ? "data" : "control records" },
                part(6...6) { $0 == 0 ? "no delete horizon" : "baseTimestamp is the delete horizon" },
                part(7...15, unused),
            ]
        case .messageAttributes: return [part(0...2, codec), time, part(4...7, unused)]
        case .operations:
            let known = NumberMeaning.operations
            return (0...15).map { bit in
                part(bit...bit) { (known[Int64(bit)] ?? "") + ($0 == 0 ? ": not allowed" : ": allowed") }
            } + [part(16...31, unused)]
        }
    }
}

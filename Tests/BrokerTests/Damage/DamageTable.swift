import KafkaWire

@testable import KafkaBroker

/// One way to damage a file: its name, and what it makes of the bytes; nil where the file is gone.
struct DamageKind {
    var name: String
    var change: ([UInt8]) -> Change?

    /// What becomes of a file.
    struct Change {
        enum Content {
            case bytes([UInt8])
            case nothing
            case folder
            case brokenLink
        }

        var content: Content
        /// Which of the bytes that were there are changed or gone.
        var touched: [Range<Int>]
        /// Another file beside it, by its name.
        var beside: (name: String, bytes: [UInt8])?
    }

    private static func bytes(_ bytes: [UInt8], touched: Range<Int>...) -> Change {
        Change(content: .bytes(bytes), touched: touched)
    }

    private static func flip(_ bytes: [UInt8], _ place: Int, _ bit: UInt8) -> Change? {
        guard bytes.indices.contains(place) else { return nil }
        var bytes = bytes
        bytes[place] ^= bit
        return self.bytes(bytes, touched: place..<place + 1)
    }

    private static func zero(_ bytes: [UInt8], _ range: Range<Int>) -> Change? {
        let range = range.clamped(to: bytes.indices)
        guard !range.isEmpty, !bytes[range].allSatisfy({ $0 == 0 }) else { return nil }
        var bytes = bytes
        for index in range { bytes[index] = 0 }
        return self.bytes(bytes, touched: range)
    }

    private static func cut(_ bytes: [UInt8], _ count: Int) -> Change? {
        guard count < bytes.count, count >= 0 else { return nil }
        return self.bytes(Array(bytes[..<count]), touched: count..<bytes.count)
    }

    /// What can happen to any file.
    static var ofAnyFile: [DamageKind] {
        var kinds: [DamageKind] = [
            .init(name: "missing") { Change(content: .nothing, touched: [$0.indices]) },
            .init(name: "empty") { bytes([], touched: $0.indices) },
            .init(name: "a folder in its place") { Change(content: .folder, touched: [$0.indices]) },
            .init(name: "a link to nowhere in its place") { Change(content: .brokenLink, touched: [$0.indices]) },
            .init(name: "all zeroes") { zero($0, $0.indices) },
            .init(name: "zeroes behind it") { bytes($0 + [UInt8](repeating: 0, count: 100)) },
            .init(name: "letters behind it") { bytes($0 + Array("that does not belong here\n".utf8)) },
            .init(name: "its content twice") { $0.isEmpty ? nil : bytes($0 + $0) },
            .init(name: "without its first byte") {
                $0.isEmpty ? nil : bytes(Array($0.dropFirst()), touched: $0.indices)
            },
        ]
        for part in [1, 2, 4, 8, 16] {
            kinds.append(
                .init(name: "cut to \(part - 1)/\(part) and a byte") { cut($0, $0.count * (part - 1) / part + 1) })
        }
        for count in [1, 5, 20, 61] {
            kinds.append(.init(name: "cut by \(count)") { cut($0, $0.count - count) })
        }
        for place in [0, 3, 7, 11] {
            kinds.append(
                .init(name: "a flipped bit in its \(place + 1)th of 12 parts") {
                    flip($0, $0.count * place / 12 + 1, 0x10)
                })
        }
        return kinds
    }

    /// What can happen to a log's segment.
    static var ofSegments: [DamageKind] {
        ["first", "middle", "last"].flatMap(ofBatch) + ofWholeSegments
    }

    /// What can happen to one batch of a segment.
    private static func ofBatch(_ which: String) -> [DamageKind] {
        func place(_ bytes: [UInt8]) -> Range<Int>? {
            let found = batches(bytes)
            switch which {
            case "first": return found.first
            case "middle": return found.count > 2 ? found[found.count / 2] : nil
            default: return found.count > 1 ? found.last : nil
            }
        }
        var kinds: [DamageKind] = []
        let fields: [(String, Int)] = [
            ("base offset", 0), ("base offset", 4), ("base offset", 7), ("length", 8), ("length", 10), ("length", 11),
            ("epoch", 12), ("epoch", 15), ("magic", 16), ("checksum", 17), ("checksum", 20), ("attributes", 21),
            ("attributes", 22), ("last offset delta", 23), ("last offset delta", 26), ("base time", 27),
            ("highest time", 35), ("highest time", 42), ("producer", 43), ("producer", 50), ("producer's epoch", 52),
            ("sequence", 53), ("sequence", 56), ("count", 57), ("count", 60), ("records", 61), ("records", 64),
        ]
        for (field, byte) in fields {
            for bit in [0x01, 0x10, 0x80] as [UInt8] where bit != 0x10 || [7, 11, 22].contains(byte) {
                kinds.append(
                    .init(name: "bit \(bit) of byte \(byte) (\(field)) of the \(which) batch") { bytes in
                        place(bytes).flatMap { flip(bytes, $0.lowerBound + byte, bit) }
                    })
            }
        }
        kinds += [
            .init(name: "the \(which) batch zeroed") { bytes in place(bytes).flatMap { zero(bytes, $0) } },
            .init(name: "the \(which) header zeroed") { bytes in
                place(bytes).flatMap { zero(bytes, $0.lowerBound..<$0.lowerBound + 61) }
            },
            .init(name: "the \(which) batch twice") { bytes in
                place(bytes).map { self.bytes(Array(bytes[..<$0.upperBound] + bytes[$0.lowerBound...])) }
            },
            .init(name: "the \(which) batch once more at the end") { bytes in
                place(bytes).map { self.bytes(Array(bytes + bytes[$0])) }
            },
            .init(name: "without the \(which) batch") { bytes in
                place(bytes).map {
                    self.bytes(Array(bytes[..<$0.lowerBound] + bytes[$0.upperBound...]), touched: $0)
                }
            },
            .init(name: "cut in front of the \(which) batch") { bytes in
                place(bytes).flatMap { cut(bytes, $0.lowerBound) }
            },
            .init(name: "cut inside the \(which) batch's header") { bytes in
                place(bytes).flatMap { cut(bytes, $0.lowerBound + 30) }
            },
            .init(name: "cut behind the \(which) batch's header") { bytes in
                place(bytes).flatMap { cut(bytes, $0.lowerBound + 61) }
            },
        ]
        return kinds
    }

    /// What can happen to a segment's file, or beside it.
    private static var ofWholeSegments: [DamageKind] {
        [
            .init(name: "the first two batches in the other order") { bytes in
                let found = batches(bytes)
                guard found.count > 1 else { return nil }
                return self.bytes(
                    Array(bytes[found[1]] + bytes[found[0]] + bytes[found[1].upperBound...]),
                    touched: found[0].lowerBound..<found[1].upperBound)
            },
            .init(name: "a copy of it under a higher name") {
                Change(content: .bytes($0), touched: [], beside: ("00000000000000100000.log", $0))
            },
            .init(name: "a copy of it under a lower name") {
                Change(content: .bytes($0), touched: [], beside: ("00000000000000000001.log", $0))
            },
            .init(name: "under another name") {
                Change(content: .nothing, touched: [$0.indices], beside: ("00000000000000100000.log", $0))
            },
            .init(name: "a foreign file beside it") {
                Change(
                    content: .bytes($0), touched: [],
                    beside: ("00000000000000100000.log", Array("no segment at all".utf8)))
            },
            .init(name: "an empty file behind it") {
                Change(content: .bytes($0), touched: [], beside: ("00000000000000100000.log", []))
            },
            .init(name: "other files beside it") {
                Change(content: .bytes($0), touched: [], beside: ("notes.log", Array("milk, bread".utf8)))
            },
        ]
    }

    /// Where the batches stand in a segment.
    static func batches(_ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var at = 0
        while at + 61 <= bytes.count {
            let length = bytes[at + 8..<at + 12].reduce(0) { $0 << 8 | Int($1) }
            found.append(at..<at + 12 + length)
            at += 12 + length
        }
        return found
    }
}

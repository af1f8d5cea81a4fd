/// A key that was pressed.
package enum Key: Sendable, Hashable {
    case character(Character)
    case enter
    case escape
    case backspace
    case tab
    case backTab
    case up
    case down
    case left
    case right
    case pageUp
    case pageDown
    case home
    case end
    case delete
    /// With the control key, as in `c`.
    case control(Character)
}

/// Makes keys of the bytes that a terminal sends. Sequences may be cut anywhere; what is none is passed over.
///
/// A single escape could be the beginning of a sequence. So it waits: ``flush()`` says that nothing has followed.
package struct KeyDecoder: Sendable {
    private var pending: [UInt8] = []
    /// Longer sequences are none of ours.
    private static let longest = 32

    package init() {}

    /// Whether something waits for its rest.
    package var isWaiting: Bool { !pending.isEmpty }

    /// The keys of these bytes, and of those that waited.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let (key, count) = next() {
            pending.removeFirst(count)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// No more bytes have come for a while: a lone escape is the key, the beginning of a sequence is nothing.
    package mutating func flush() -> [Key] {
        defer { pending = [] }
        return pending == [0x1B] ? [.escape] : []
    }

    /// The first key, or nil where it is none, and its bytes; nothing where more bytes are needed.
    private func next() -> (Key?, Int)? {
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1B: return sequence()
        case 0x0D, 0x0A: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x00: return (nil, 1)
        case 0x01...0x1A: return (.control(Character(Unicode.Scalar(first + 0x60))), 1)
        case 0x1C...0x1F: return (nil, 1)
        default: return text(first)
        }
    }

    private func text(_ first: UInt8) -> (Key?, Int)? {
        let length: Int
        switch first {
        case ..<0x80: length = 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return (nil, 1)
        }
        let bytes = pending.prefix(length)
        if let wrong = bytes.dropFirst().firstIndex(where: { $0 & 0xC0 != 0x80 }) { return (nil, wrong) }
        guard bytes.count == length else { return nil }
        guard let character = String(validating: bytes, as: UTF8.self)?.first else { return (nil, length) }
        return (.character(character), length)
    }

    private func sequence() -> (Key?, Int)? {
        guard pending.count > 1 else { return nil }
        switch pending[1] {
        case UInt8(ascii: "O"):
            guard pending.count > 2 else { return nil }
            return (Self.final(pending[2]), 3)
        case UInt8(ascii: "["):
            // Parameters and intermediate bytes, then one that ends the sequence (ECMA-48).
            var at = 2
            while at < pending.count, (0x20..<0x40).contains(pending[at]) { at += 1 }
            guard at < pending.count else { return at > Self.longest ? (nil, at) : nil }
            guard (0x40..<0x7F).contains(pending[at]) else { return (nil, at) }
            if pending[at] == UInt8(ascii: "~") { return (Self.numbered(pending[2..<at]), at + 1) }
            return (Self.final(pending[at]), at + 1)
        // Two escapes: the first stood alone.
        case 0x1B: return (.escape, 1)
        // With the Alt key, or an escape just before another key: the key alone would do what nobody asked for.
        default: return (.escape, 1)
        }
    }

    private static func final(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "Z"): .backTab
        case UInt8(ascii: "M"): .enter
        default: nil
        }
    }

    private static func numbered(_ parameters: ArraySlice<UInt8>) -> Key? {
        let number = parameters.prefix { $0 != UInt8(ascii: ";") }
        switch String(decoding: number, as: UTF8.self) {
        case "1", "7": return .home
        case "3": return .delete
        case "4", "8": return .end
        case "5": return .pageUp
        case "6": return .pageDown
        default: return nil
        }
    }
}

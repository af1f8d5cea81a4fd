/// Normal form KC of Unicode 3.2 (UAX 15), which SASLprep asks for: the standard library has none.
enum NormalFormKC {
    /// The text in that form.
    static func normalize(_ scalars: some Sequence<UInt32>) -> [UInt32] {
        var out: [UInt32] = []
        for scalar in scalars { decompose(scalar, into: &out) }
        reorder(&out)
        return compose(out)
    }

    private static func decompose(_ scalar: UInt32, into out: inout [UInt32]) {
        if let found = decompositions[scalar] { return out.append(contentsOf: found) }
        guard hangul.contains(scalar) else { return out.append(scalar) }
        let index = scalar - hangul.lowerBound
        out.append(0x1100 + index / 588)
        out.append(0x1161 + index % 588 / 28)
        if index % 28 != 0 { out.append(0x11A7 + index % 28) }
    }

    private static func combiningClass(_ scalar: UInt32) -> UInt8 {
        Unicode.Scalar(scalar)?.properties.canonicalCombiningClass.rawValue ?? 0
    }

    /// Marks that follow each other stand in the order of their classes; `sort` is stable in what it does to equals here,
    /// since the place is part of what is compared.
    private static func reorder(_ scalars: inout [UInt32]) {
        var start = 0
        while start < scalars.count {
            guard combiningClass(scalars[start]) != 0 else {
                start += 1
                continue
            }
            var end = start
            while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
            let marks = scalars[start..<end].enumerated().sorted {
                (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
            }
            scalars.replaceSubrange(start..<end, with: marks.map(\.element))
            start = end
        }
    }

    private static func compose(_ scalars: [UInt32]) -> [UInt32] {
        var out: [UInt32] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let own = combiningClass(scalar)
            let isBlocked = starter.map { out.count - 1 > $0 && lastClass >= own } ?? true
            if let place = starter, !isBlocked, let composed = composition(of: out[place], scalar) {
                out[place] = composed
                continue
            }
            if own == 0 { starter = out.count }
            lastClass = own
            out.append(scalar)
        }
        return out
    }

    private static func composition(of first: UInt32, _ second: UInt32) -> UInt32? {
        if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
            return hangul.lowerBound + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if hangul.contains(first), (first - hangul.lowerBound) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
            return first + second - 0x11A7
        }
        return compositions[UInt64(first) << 32 | UInt64(second)]
    }

    private static let hangul: ClosedRange<UInt32> = 0xAC00...0xD7A3

    private static let decompositions: [UInt32: [UInt32]] = {
        var out: [UInt32: [UInt32]] = [:]
        for (place, count, scalars) in entries(NormalizationTables.decompositions) {
            for step in 0..<count { out[place + step] = count == 1 ? scalars : scalars.map { $0 + step } }
        }
        return out
    }()

    private static let compositions: [UInt64: UInt32] = {
        var out: [UInt64: UInt32] = [:]
        for (place, _, pair) in entries(NormalizationTables.compositions) where pair.count == 2 {
            out[UInt64(pair[0]) << 32 | UInt64(pair[1])] = place
        }
        return out
    }()

    /// `distance[*count]:scalar[,scalar…]`, in base 36.
    private static func entries(_ text: String) -> [(place: UInt32, count: UInt32, scalars: [UInt32])] {
        var last: UInt32 = 0
        return text.utf8.split { $0 == 0x20 || $0 == 0x0A }.compactMap { entry in
            let halves = entry.split(separator: UInt8(ascii: ":"))
            guard halves.count == 2 else { return nil }
            let head = halves[0].split(separator: UInt8(ascii: "*")).map(number)
            let place = last + (head.first ?? 0)
            let count = head.count > 1 ? head[1] : 1
            last = place + count - 1
            return (place, count, halves[1].split(separator: UInt8(ascii: ",")).map(number))
        }
    }

    static func number(_ digits: Substring.UTF8View) -> UInt32 { UInt32(Substring(digits), radix: 36) ?? 0 }
}

/// SASLprep (RFC 4013): how names and passwords are written before they are hashed, so that a letter is the same one
/// however a keyboard made it.
package enum SASLPrep {
    /// Why a text cannot be prepared; says nothing of the text.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// A control character, a private one, or another of those in RFC 4013, section 2.3.
        case prohibited
        /// Scripts of both directions in one text (RFC 3454, section 6).
        case bidirectional
        /// What Unicode 3.2 does not know, in a text that is kept (RFC 3454, section 7).
        case unassigned

        package var description: String {
            switch self {
            case .prohibited: "it has a character that SASLprep prohibits (RFC 4013, section 2.3)"
            case .bidirectional: "it mixes scripts of both directions (RFC 3454, section 6)"
            case .unassigned: "it has a character that Unicode 3.2 does not know, on which SASLprep rests"
            }
        }
    }

    /// The prepared text.
    ///
    /// - Parameter isQuery: whether it is compared with what is kept, and may have what Unicode 3.2 has not assigned.
    package static func prepare(_ text: String, isQuery: Bool = true) throws(Failure) -> String {
        // As almost all are.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        let mapped: [UInt32] = text.unicodeScalars.compactMap {
            if spaces.contains($0.value) { return 0x20 }
            return mappedToNothing.contains($0.value) ? nil : $0.value
        }
        let normal = NormalFormKC.normalize(mapped)
        if normal.contains(where: prohibited.contains) { throw .prohibited }
        if !isQuery, normal.contains(where: unassigned.contains) { throw .unassigned }
        if normal.contains(where: rightToLeft.contains) {
            guard let first = normal.first, let last = normal.last, rightToLeft.contains(first),
                rightToLeft.contains(last), !normal.contains(where: leftToRight.contains)
            else { throw .bidirectional }
        }
        var out = String.UnicodeScalarView()
        out.append(contentsOf: normal.compactMap(Unicode.Scalar.init))
        return String(out)
    }

    private static let mappedToNothing = ScalarSet(SASLPrepTables.mappedToNothing)
    private static let spaces = ScalarSet(SASLPrepTables.spaces)
    private static let prohibited = ScalarSet(SASLPrepTables.prohibited)
    private static let unassigned = ScalarSet(SASLPrepTables.unassigned)
    private static let rightToLeft = ScalarSet(SASLPrepTables.rightToLeft)
    private static let leftToRight = ScalarSet(SASLPrepTables.leftToRight)
}

/// A set of code points, as the places where it begins and ends.
private struct ScalarSet: Sendable {
    private let edges: [UInt32]

    init(_ text: String) {
        var edges: [UInt32] = []
        for distance in text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x0A }) {
            edges.append((edges.last ?? 0) + NormalFormKC.number(distance))
        }
        self.edges = edges
    }

    /// Whether an odd number of edges is passed.
    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        return low % 2 == 1
    }
}

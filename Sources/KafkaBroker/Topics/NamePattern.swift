/// A regular expression that a client sends and a whole name has to match, in time that grows with the name's length
/// alone: one that tries alternatives one after the other would let a client stop the broker. Kafka uses RE2/J for that.
///
/// The part of RE2's syntax that names need: literals, `.`, classes with ranges, `\d` `\w` `\s` and their opposites,
/// groups, `|`, `*` `+` `?` `{m,n}` (their lazy forms too, which match the same names), `^` and `$`. Flags, classes by
/// name or Unicode property, and word boundaries are refused.
struct NamePattern {
    /// The text is no expression, or one that is not supported, or too large.
    struct Malformed: Error {}

    private static let maximumLength = 1000
    private static let maximumSteps = 2000

    private var steps: [Step] = []
    /// How much was compiled: counts of nothing in counts of nothing leave no steps, but take their time.
    private var compiled = 0

    /// Reads an expression; throws ``Malformed``.
    init(_ text: String) throws(Malformed) {
        guard text.utf8.count <= Self.maximumLength else { throw Malformed() }
        var parser = Parser(rest: ArraySlice(text.unicodeScalars))
        let expression = try parser.alternatives(depth: 0)
        guard parser.rest.isEmpty else { throw Malformed() }
        try compile(expression)
        steps.append(.end)
    }

    /// How many steps the machine has, and so how much memory it takes.
    var size: Int { steps.count }

    /// What a match takes at most, in units of a ``WorkBudget``.
    func cost(of name: String) -> Int { 1 + steps.count * name.utf8.count >> 4 }

    /// Whether all of `name` matches.
    func matches(_ name: String) -> Bool {
        var work = 0
        return matches(name, counting: &work)
    }

    /// Whether all of `name` matches; adds to `work` how many steps that took.
    func matches(_ name: String, counting work: inout Int) -> Bool {
        let scalars = Array(name.unicodeScalars)
        // The steps that can be reached, and for each the character for which it was last found to be.
        var current: [Int] = []
        var reached = [Int](repeating: -1, count: steps.count)
        work += steps.count / 16
        follow(0, at: 0, of: scalars.count, into: &current, &reached)
        for (index, scalar) in scalars.enumerated() {
            var next: [Int] = []
            for step in current {
                guard case .take(let characters) = steps[step], characters.contains(scalar) else { continue }
                follow(step + 1, at: index + 1, of: scalars.count, into: &next, &reached)
            }
            work += current.count + 1
            if next.isEmpty { return false }
            current = next
        }
        return current.contains(steps.count - 1)
    }

    /// Adds all steps that can be reached without a character.
    private func follow(
        _ step: Int, at index: Int, of count: Int, into found: inout [Int], _ reached: inout [Int]
    ) {
        var waiting = [step]
        while let step = waiting.popLast() {
            guard reached[step] != index else { continue }
            reached[step] = index
            found.append(step)
            switch steps[step] {
            case .take, .end: break
            case .either(let one, let other): waiting += [other, one]
            case .go(let target): waiting.append(target)
            case .start: if index == 0 { waiting.append(step + 1) }
            case .finish: if index == count { waiting.append(step + 1) }
            }
        }
    }

    // MARK: - Compiling

    /// One step of the machine (Thompson, 1968).
    private enum Step {
        case take(Characters)
        case either(Int, Int)
        case go(Int)
        case start
        case finish
        case end
    }

    private mutating func compile(_ expression: Expression) throws(Malformed) {
        compiled += 1
        guard steps.count < Self.maximumSteps, compiled < 10 * Self.maximumSteps else { throw Malformed() }
        switch expression {
        case .characters(let characters): steps.append(.take(characters))
        case .start: steps.append(.start)
        case .finish: steps.append(.finish)
        case .sequence(let parts): for part in parts { try compile(part) }
        case .alternatives(let all):
            var exits: [Int] = []
            for (index, one) in all.enumerated() {
                guard index < all.count - 1 else {
                    try compile(one)
                    break
                }
                let fork = steps.count
                steps.append(.either(fork + 1, fork + 1))
                try compile(one)
                exits.append(steps.count)
                steps.append(.go(0))
                steps[fork] = .either(fork + 1, steps.count)
            }
            for exit in exits { steps[exit] = .go(steps.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try compile(part) }
            guard let most else {
                let fork = steps.count
                steps.append(.either(fork + 1, fork + 1))
                try compile(part)
                steps.append(.go(fork))
                steps[fork] = .either(fork + 1, steps.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<most {
                forks.append(steps.count)
                steps.append(.either(steps.count + 1, steps.count + 1))
                try compile(part)
            }
            for fork in forks { steps[fork] = .either(fork + 1, steps.count) }
        }
    }
}

extension NamePattern {
    /// What one character may be.
    struct Characters {
        var ranges: [ClosedRange<Unicode.Scalar>]
        var isNegated = false

        func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }

        static let digits = Characters(ranges: ["0"..."9"])
        static let word = Characters(ranges: ["0"..."9", "A"..."Z", "a"..."z", "_"..."_"])
        static let space = Characters(ranges: ["\t"..."\n", "\u{C}"..."\r", " "..." "])
    }

    fileprivate indirect enum Expression {
        case characters(Characters)
        case start
        case finish
        case sequence([Expression])
        case alternatives([Expression])
        case repeated(Expression, least: Int, most: Int?)
    }

    /// Reads an expression from its beginning to its end.
    fileprivate struct Parser {
        var rest: ArraySlice<Unicode.Scalar>

        init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard rest.first == scalar else { return false }
            rest.removeFirst()
            return true
        }

        mutating func alternatives(depth: Int) throws(Malformed) -> Expression {
            guard depth < 100 else { throw Malformed() }
            var all = [try sequence(depth: depth)]
            while take("|") { all.append(try sequence(depth: depth)) }
            return .alternatives(all)
        }

        private mutating func sequence(depth: Int) throws(Malformed) -> Expression {
            var parts: [Expression] = []
            while let next = rest.first, next != "|", next != ")" {
                parts.append(try counted(try single(depth: depth)))
            }
            return .sequence(parts)
        }

        private mutating func single(depth: Int) throws(Malformed) -> Expression {
            guard let scalar = rest.popFirst() else { throw Malformed() }
            switch scalar {
            case "(":
                if take("?"), !take(":") { throw Malformed() }
                let inner = try alternatives(depth: depth + 1)
                guard take(")") else { throw Malformed() }
                return inner
            case "[": return .characters(try characterClass())
            case ".": return .characters(Characters(ranges: ["\n"..."\n"], isNegated: true))
            case "^": return .start
            case "$": return .finish
            case "\\": return .characters(try escaped())
            case "*", "+", "?": throw Malformed()
            default: return .characters(Characters(ranges: [scalar...scalar]))
            }
        }

        /// The expression with the count that follows it, if one does.
        private mutating func counted(_ part: Expression) throws(Malformed) -> Expression {
            let count: (least: Int, most: Int?)
            if take("*") {
                count = (0, nil)
            } else if take("+") {
                count = (1, nil)
            } else if take("?") {
                count = (0, 1)
            } else if let found = try braces() {
                count = found
            } else {
                return part
            }
            _ = take("?")
            // RE2 refuses a count of a count.
            if let next = rest.first, ["*", "+", "?"].contains(next) { throw Malformed() }
            return .repeated(part, least: count.least, most: count.most)
        }

        /// A count in braces; what only looks like one stands for itself, as in RE2.
        private mutating func braces() throws(Malformed) -> (least: Int, most: Int?)? {
            var ahead = self
            guard ahead.take("{"), let least = ahead.number() else { return nil }
            var most: Int? = least
            if ahead.take(",") { most = ahead.number() }
            guard ahead.take("}") else { return nil }
            guard least <= 1000, most ?? 0 <= 1000, most ?? least >= least else { throw Malformed() }
            rest = ahead.rest
            return (least, most)
        }

        /// A decimal number; a long one becomes a large one.
        private mutating func number() -> Int? {
            var value: Int?
            while let scalar = rest.first, ("0"..."9").contains(scalar) {
                rest.removeFirst()
                value = min((value ?? 0) * 10 + Int(scalar.value - 48), 100_000)
            }
            return value
        }

        private mutating func characterClass() throws(Malformed) -> Characters {
            var all = Characters(ranges: [], isNegated: take("^"))
            var isFirst = true
            while isFirst || rest.first != "]" {
                isFirst = false
                // Classes by name, such as [:alpha:], begin like this.
                guard let first = rest.popFirst(), !(first == "[" && rest.first == ":") else { throw Malformed() }
                var low = first
                if first == "\\" {
                    let characters = try escaped()
                    guard let range = characters.ranges.first, characters.ranges.count == 1, !characters.isNegated,
                        range.lowerBound == range.upperBound
                    else {
                        // The opposite of a class would have to be turned into ranges.
                        guard !characters.isNegated else { throw Malformed() }
                        all.ranges += characters.ranges
                        continue
                    }
                    low = range.lowerBound
                }
                var high = low
                if rest.first == "-", rest.dropFirst().first != "]" {
                    rest.removeFirst()
                    guard let last = rest.popFirst() else { throw Malformed() }
                    high = last
                    if last == "\\" {
                        guard let range = try escaped().ranges.first, range.lowerBound == range.upperBound else {
                            throw Malformed()
                        }
                        high = range.lowerBound
                    }
                }
                guard low <= high else { throw Malformed() }
                all.ranges.append(low...high)
            }
            rest.removeFirst()
            return all
        }

        /// What a backslash makes of the next character.
        private mutating func escaped() throws(Malformed) -> Characters {
            guard let scalar = rest.popFirst() else { throw Malformed() }
            func one(_ scalar: Unicode.Scalar) -> Characters { Characters(ranges: [scalar...scalar]) }
            func opposite(_ characters: Characters) -> Characters {
                Characters(ranges: characters.ranges, isNegated: true)
            }
            switch scalar {
            case "d": return .digits
            case "D": return opposite(.digits)
            case "w": return .word
            case "W": return opposite(.word)
            case "s": return .space
            case "S": return opposite(.space)
            case "t": return one("\t")
            case "n": return one("\n")
            case "r": return one("\r")
            case "f": return one("\u{C}")
            default:
                let isPunctuation = scalar.isASCII && !Characters.word.contains(scalar) || scalar == "_"
                guard isPunctuation else { throw Malformed() }
                return one(scalar)
            }
        }
    }
}

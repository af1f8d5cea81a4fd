/// Takes an event apart into a shape.
///
/// It walks an event that the decoder has read, with the same scanner and in the same order, and takes the decoder's
/// tokens as the word on which of several equal names counts.
struct ShapeLearner {
    private var scanner: JSONScanner
    private let members: Envelope.Members
    /// Whether the document is a row.
    private let isUnwrapped: Bool
    private var text: [UInt8] = []
    private var steps: [EventShape.Step] = []
    /// Where the constant part before the next slot begins.
    private var from: UnsafeRawPointer

    /// The shape of the event whose scan began at the scanner's cursor (the document, or with `isPayload` the payload
    /// behind a schema prefix) and gave these members and this answer. Nil when the event has no shape worth keeping.
    @inline(never)
    static func shape(
        _ scanner: JSONScanner, isPayload: Bool, _ envelope: Envelope, answer: EventShape.Answer
    ) -> EventShape? {
        var learner = ShapeLearner(scanner, envelope)
        guard (try? learner.learn(isPayload: isPayload)) == true else { return nil }
        guard learner.steps.count <= EventShape.mostSlots, learner.text.count <= EventShape.longestText else {
            return nil
        }
        return EventShape(answer: answer, isPayload: isPayload, text: learner.text, steps: learner.steps)
    }

    private init(_ scanner: JSONScanner, _ envelope: Envelope) {
        self.scanner = scanner
        members = envelope.members
        isUnwrapped = if case .unwrapped = envelope.kind { true } else { false }
        from = scanner.cursor
    }

    private mutating func learn(isPayload: Bool) throws(Malformed) -> Bool {
        if !isPayload { scanner.skipSpace() }
        guard try scanner.peek() == UInt8(ascii: "{") else { return false }
        guard try envelope(depth: isPayload ? 2 : 1) else { return false }
        // Behind the payload a second schema could change the forms of columns: only the closing brace is known well.
        if isPayload, try scanner.another(closing: UInt8(ascii: "}")) { return false }
        scanner.skipSpace()
        guard scanner.cursor == scanner.end else { return false }
        append(.end, upTo: scanner.cursor, depth: 0)
        return true
    }

    /// Reads the envelope's members. False when the document is no bare envelope.
    private mutating func envelope(depth: Int) throws(Malformed) -> Bool {
        guard try scanner.enterObject() else { return true }
        repeat {
            let key = try scanner.key()
            let isObject = try scanner.peek() == UInt8(ascii: "{")
            if depth == 1, scanner.token(key, is: "payload") || scanner.token(key, is: "schema") { return false }
            if scanner.token(key, is: "after"), isObject {
                try object(depth: depth + 1, isRow: true)
            } else if scanner.token(key, is: "source"), isObject {
                try object(depth: depth + 1, isRow: false)
            } else {
                let isDecisive =
                    isUnwrapped
                    ? try isAdded(key)
                    : scanner.token(key, is: "after") || scanner.token(key, is: "source")
                        || scanner.token(key, is: "op") || scanner.token(key, is: "status")
                try value(depth: depth, isConstant: isDecisive, isRow: isUnwrapped)
            }
        } while try scanner.another(closing: UInt8(ascii: "}"))
        return true
    }

    /// Whether the member at the cursor is none of the columns of a row without an envelope, and the same in the next one: of what
    /// `add.fields` has put there, numbers are not, unless they stand where something decides.
    private func isAdded(_ key: JSONToken) throws(Malformed) -> Bool {
        let first = try scanner.peek()
        switch scanner.lowercased(key) {
        case "__op", "__deleted", "__table", "__source_table", "__schema", "__source_schema": return true
        case let name: return name.hasPrefix("__") && first != UInt8(ascii: "-") && first &- 48 > 9
        }
    }

    /// Reads the members of `after` or `source`.
    private mutating func object(depth: Int, isRow: Bool) throws(Malformed) {
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            let isDecisive = !isRow && (scanner.token(key, is: "table") || scanner.token(key, is: "schema"))
            try value(depth: depth, isConstant: isDecisive, isRow: isRow || scanner.token(key, is: "ts_ms"))
        } while try scanner.another(closing: UInt8(ascii: "}"))
    }

    /// Reads a value and makes a slot of it, or part of the constant bytes. Besides rows, words and strings are likely
    /// to be the same in the next event; numbers are not, nor are strings with escapes (`source.sequence`).
    private mutating func value(depth: Int, isConstant: Bool, isRow: Bool) throws(Malformed) {
        let start = scanner.cursor
        let token = try scanner.value(depth: depth)
        if isConstant { return }
        if !isRow, token.kind == .string || token.kind == .null || token.kind == .boolean { return }
        append(slot(of: token), upTo: start, depth: depth)
        from = scanner.cursor
    }

    private mutating func append(_ slot: EventShape.Slot, upTo end: UnsafeRawPointer, depth: Int) {
        let constant = UnsafeRawBufferPointer(start: from, count: end - from)
        text.append(contentsOf: constant)
        text.append(contentsOf: repeatElement(0, count: EventShape.wholeWords(constant.count) - constant.count))
        steps.append(
            EventShape.Step(
                count: Int32(truncatingIfNeeded: constant.count), slot: slot, depth: UInt8(truncatingIfNeeded: depth)))
    }

    private func slot(of token: JSONToken) -> EventShape.Slot {
        let places: [(JSONToken, EventShape.Slot)] = [
            (members.row.id, .id), (members.row.userID, .userID), (members.row.amount, .amount),
            (members.row.card, .card), (members.row.merchantID, .merchantID), (members.row.createdAt, .createdAt),
            (members.sourceTime, .sourceTime),
        ]
        let place = places.first { $0.0.kind != .absent && $0.0.offset == token.offset }
        return place?.1 ?? .ignored
    }
}

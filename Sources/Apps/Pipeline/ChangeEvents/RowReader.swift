/// Turns the tokens of an envelope's row into a transaction, or says which field forbids it.
struct RowReader {
    private let scanner: JSONScanner
    private let row: Envelope.Row
    private let sourceTime: JSONToken
    private let timeForm: TimeForm
    /// The unit of a number whose form no schema tells.
    private let bareTime: TimeForm
    private let amountForm: AmountForm

    @inline(__always)
    init(
        _ scanner: JSONScanner, _ row: Envelope.Row, sourceTime: JSONToken, _ form: RowForm, bareForm: RowForm
    ) {
        self.scanner = scanner
        self.row = row
        self.sourceTime = sourceTime
        timeForm = form.createdAt
        bareTime = bareForm.createdAt
        amountForm = form.amount == .unspecified ? bareForm.amount : form.amount
    }

    @inline(__always)
    func transaction(origin: Transaction.Origin) throws(Malformed) -> Transaction {
        let id = try integer(row.id, .id)
        let userID = try integer(row.userID, .userID)
        let amount = try amount(row.amount)
        let merchantID: Int64? =
            row.merchantID.kind == .absent || row.merchantID.kind == .null
            ? nil : try integer(row.merchantID, .merchantID)
        let (createdAt, timeSource) = try createdAt(row.createdAt)
        return Transaction(
            id: id, userID: userID, amount: amount, card: card(row.card), merchantID: merchantID,
            createdAt: createdAt, timeSource: timeSource, origin: origin)
    }

    /// The flaw of a field that should hold something and does not.
    @inline(never)
    static func flaw(_ field: Malformed.Field, _ token: JSONToken, documentLength: Int) -> Malformed {
        switch token.kind {
        case .absent: Malformed(.missing(field), at: documentLength)
        case .null: Malformed(.null(field), at: Int(token.offset))
        default: Malformed(.wrongForm(field), at: Int(token.offset))
        }
    }

    private func flaw(_ field: Malformed.Field, _ token: JSONToken) -> Malformed {
        Self.flaw(field, token, documentLength: scanner.end - scanner.start)
    }

    @inline(__always)
    private func integer(_ token: JSONToken, _ field: Malformed.Field) throws(Malformed) -> Int64 {
        guard token.kind == .integer else { throw flaw(field, token) }
        guard let value = scanner.withText(token, { FieldText.integer($0) }) else {
            throw Malformed(.outOfRange(field), at: Int(token.offset))
        }
        return value
    }

    @inline(__always)
    private func amount(_ token: JSONToken) throws(Malformed) -> Amount {
        let isNumber = token.kind == .integer || token.kind == .decimal
        let reading: AmountReading
        switch amountForm {
        case .decimal(let scale) where token.isString:
            reading = scanner.withText(token) { AmountReading(base64: $0, scale: scale) }
        case .base64(let scale) where token.isString:
            reading = scanner.withText(token) { AmountReading(unnamedBase64: $0, scale: scale) }
        case .byValue(let scale) where token.isString:
            reading = scanner.withText(token) { AmountReading(stringByValue: $0, scale: scale) }
        case .text where token.isString:
            reading = scanner.withText(token) { AmountReading(decimal: $0) }
        case .variableScale where token.kind == .object, .byValue where token.kind == .object,
            .base64 where token.kind == .object:
            reading = variableScale(token)
        case .number where isNumber, .byValue where isNumber, .decimal where isNumber:
            reading = scanner.withText(token) { AmountReading(decimal: $0) }
        default:
            throw flaw(.amount, token)
        }
        switch reading {
        case .amount(let amount): return amount
        case .wrongForm: throw Malformed(.wrongForm(.amount), at: Int(token.offset))
        case .outOfRange: throw Malformed(.outOfRange(.amount), at: Int(token.offset))
        }
    }

    /// A VariableScaleDecimal, which the scanner has passed: `{"scale":2,"value":"BalP"}`.
    @inline(never)
    private func variableScale(_ token: JSONToken) -> AmountReading {
        var scale = JSONToken.absent
        var value = JSONToken.absent
        var reader = scanner
        reader.cursor = reader.start + Int(token.offset)
        do throws(Malformed) {
            var more = try reader.enterObject()
            while more {
                let key = try reader.key()
                let member = try reader.value(depth: 1)
                if reader.token(key, is: "scale") { scale = member }
                if reader.token(key, is: "value") { value = member }
                more = try reader.another(closing: UInt8(ascii: "}"))
            }
        } catch {
            return .wrongForm
        }
        guard scale.kind == .integer, value.isString else { return .wrongForm }
        guard let digits = scanner.withText(scale, { FieldText.integer($0) }) else { return .outOfRange }
        return scanner.withText(value) { AmountReading(base64: $0, scale: Int(digits)) }
    }

    @inline(__always)
    private func card(_ token: JSONToken) -> Transaction.Card {
        guard token.isString else { return .none }
        if scanner.token(token, is: "VISA") { return .visa }
        if scanner.token(token, is: "MASTERCARD") { return .mastercard }
        return scanner.token(token, is: "AMEX") ? .amex : .other
    }

    /// The column's time. When it is null or absent, or 0 (what Debezium writes for a null, since 0 is the schema's
    /// default), or a date, the time of the commit stands in.
    @inline(__always)
    private func createdAt(_ token: JSONToken) throws(Malformed) -> (EventTime, Transaction.TimeSource) {
        let form = timeForm
        switch token.kind {
        case .absent, .null: return (try commitTime(insteadOf: token), .commit)
        case .integer where form != .text && form != .unsupported:
            let number = try integer(token, .createdAt)
            if number == 0 { return (try commitTime(insteadOf: token), .commit) }
            return try moment(FieldText.time(number, form == .unspecified ? bareTime : form), token)
        case .string where form == .text || form == .unspecified,
            .escapedString where form == .text || form == .unspecified:
            return try moment(scanner.withText(token) { TimeReading(iso8601: $0) }, token)
        default: throw flaw(.createdAt, token)
        }
    }

    @inline(__always)
    private func moment(
        _ reading: TimeReading, _ token: JSONToken
    ) throws(Malformed) -> (EventTime, Transaction.TimeSource) {
        switch reading {
        case .moment(let time): return (time, .column)
        case .day: return (try commitTime(insteadOf: token), .commit)
        case .outOfRange: throw Malformed(.outOfRange(.createdAt), at: Int(token.offset))
        case .wrongForm: throw flaw(.createdAt, token)
        }
    }

    @inline(never)
    private func commitTime(insteadOf column: JSONToken) throws(Malformed) -> EventTime {
        let token = sourceTime
        // Without either time it is the column that is missing.
        if token.kind == .absent || token.kind == .null { throw flaw(.createdAt, column) }
        let number = try integer(token, .sourceTime)
        guard case .moment(let time) = FieldText.time(number, .milliseconds) else {
            throw Malformed(.outOfRange(.sourceTime), at: Int(token.offset))
        }
        return time
    }
}

/// Why a change event could not be used: what is wrong, and at which byte of the record's value.
public struct Malformed: Error, Equatable, Sendable {
    /// A field of the change event that the agents need.
    public enum Field: String, Equatable, Sendable {
        case operation = "op"
        case after
        case id
        case userID = "user_id"
        case amount
        case merchantID = "merchant_id"
        case createdAt = "created_at"
        case sourceTime = "source.ts_ms"
    }

    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// The value has no bytes, or only white space.
        case empty
        /// The value is longer than the decoder's limit.
        case tooLong
        /// The value ends in the middle of the document.
        case truncated
        /// A byte that JSON does not allow at this place.
        case unexpectedByte
        /// Something follows the document.
        case trailingBytes
        /// Objects and arrays are nested deeper than `JSONScanner.deepest`.
        case tooDeep
        /// A string holds a control character, or bytes that are not UTF-8.
        case badString
        /// An escape that JSON does not know, or half a surrogate pair.
        case badEscape
        /// A number that JSON does not allow.
        case badNumber
        /// The document is well-formed JSON but not an object.
        case notAnObject
        /// An `op` that Debezium does not write.
        case unknownOperation
        /// The value is in the wire format of a schema registry's converters: a byte 0, the schema's id, and more.
        case wireFormat
        /// A CloudEvents envelope, of `CloudEventsConverter`.
        case cloudEvent
        /// The row is a document in a string, as MongoDB's connector writes it.
        case document
        /// A row without its envelope (`ExtractNewRecordState`), which does not say whether it is new.
        case unwrapped
        /// A field is not there.
        case missing(Field)
        /// A field is null.
        case null(Field)
        /// A field has another type than its column, or a text that its column cannot hold.
        case wrongForm(Field)
        /// A field is a number that does not fit.
        case outOfRange(Field)
    }

    /// What is wrong.
    public let problem: Problem
    /// Where, in bytes from the start of the record's value.
    public let offset: Int

    /// A flaw at a byte.
    public init(_ problem: Problem, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    /// Whether the event is sound but lacks a field that the rules need (null or absent), as opposed to a broken one.
    public var isIncomplete: Bool {
        switch problem {
        case .missing, .null: true
        default: false
        }
    }
}

extension Malformed.Problem {
    /// The field that it is about; nil where it is about the document.
    public var field: Malformed.Field? {
        switch self {
        case .missing(let field), .null(let field), .wrongForm(let field), .outOfRange(let field): field
        case .empty, .tooLong, .truncated, .unexpectedByte, .trailingBytes, .tooDeep, .badString, .badEscape,
            .badNumber,
            .notAnObject, .unknownOperation, .wireFormat, .cloudEvent, .document, .unwrapped:
            nil
        }
    }

    /// The problem's name without the field's, for programs: it stays the same.
    public var word: String {
        switch self {
        case .empty: "empty"
        case .tooLong: "tooLong"
        case .truncated: "truncated"
        case .unexpectedByte: "unexpectedByte"
        case .trailingBytes: "trailingBytes"
        case .tooDeep: "tooDeep"
        case .badString: "badString"
        case .badEscape: "badEscape"
        case .badNumber: "badNumber"
        case .notAnObject: "notAnObject"
        case .unknownOperation: "unknownOperation"
        case .wireFormat: "wireFormat"
        case .cloudEvent: "cloudEvent"
        case .document: "document"
        case .unwrapped: "unwrapped"
        case .missing: "missing"
        case .null: "null"
        case .wrongForm: "wrongForm"
        case .outOfRange: "outOfRange"
        }
    }
}

extension Malformed: CustomStringConvertible {
    /// What is wrong, and where: `"amount" is null at byte 123`.
    public var reason: String { "\(problem.sentence) at byte \(offset)" }

    /// One sentence: what, where, and what to do.
    public var description: String {
        let advice =
            isIncomplete
            ? "the event is counted as incomplete and skipped"
            : "the event is counted as malformed and skipped: \(problem.remedy)"
        return "A change event cannot be used: \(reason); \(advice)."
    }
}

extension Malformed.Problem {
    /// What to do about it.
    fileprivate var remedy: String {
        switch self {
        case .wireFormat:
            "its schema has to be Avro or JSON Schema, in the registry that --schema-registry names; or set the connector's "
                + "value.converter to org.apache.kafka.connect.json.JsonConverter"
        case .cloudEvent: "set the connector's value.converter to org.apache.kafka.connect.json.JsonConverter"
        case .document: "the rules read the rows of tables"
        case .unwrapped: "set add.fields=op or add.headers=op in the connector's ExtractNewRecordState"
        default: "check the connector's converter and decimal settings"
        }
    }

    /// A few words to count by, the same for every event with this problem.
    public var name: String {
        switch self {
        case .empty: "empty"
        case .tooLong: "too long"
        case .truncated, .unexpectedByte, .trailingBytes, .tooDeep, .badString, .badEscape, .badNumber, .notAnObject:
            "no JSON object"
        case .unknownOperation: "unknown op"
        case .wireFormat: "a registry's wire format"
        case .cloudEvent: "CloudEvents"
        case .document: "a document for a row"
        case .unwrapped: "a row without op"
        case .missing(let field): "\(field.rawValue) missing"
        case .null(let field): "\(field.rawValue) null"
        case .wrongForm(let field): "\(field.rawValue) of another form"
        case .outOfRange(let field): "\(field.rawValue) out of range"
        }
    }

    fileprivate var sentence: String {
        switch self {
        case .empty: "the value is empty"
        case .tooLong: "the value is longer than \(ChangeEventDecoder.longestValue) bytes"
        case .truncated: "the JSON document ends too early"
        case .unexpectedByte: "a byte that JSON does not allow there"
        case .trailingBytes: "bytes follow the JSON document"
        case .tooDeep: "JSON is nested deeper than \(JSONScanner.deepest) levels"
        case .badString: "a string with a control character or bytes that are not UTF-8"
        case .badEscape: "a string escape that JSON does not know, or half a surrogate pair,"
        case .badNumber: "a number that JSON does not allow"
        case .notAnObject: "the document is not a JSON object"
        case .unknownOperation: "\"op\" is none of c, r, u, d, t, m"
        case .wireFormat: "the value begins with a byte 0, as those of a schema registry's converters do,"
        case .cloudEvent: "the value is a CloudEvents envelope"
        case .document: "\"after\" is a document in a string, as MongoDB's connector writes it, and no row"
        case .unwrapped: "a row without its envelope, which does not say whether it is new, ends"
        case .missing(let field): "\"\(field.rawValue)\" is missing"
        case .null(let field): "\"\(field.rawValue)\" is null"
        case .wrongForm(let field): "\"\(field.rawValue)\" has not the form that its column has"
        case .outOfRange(let field): "\"\(field.rawValue)\" is out of range"
        }
    }
}

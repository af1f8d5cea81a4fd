/// What every byte of a message means: a row for each field, in the order of the bytes.
///
/// ```swift
/// let explanation = Explanation(requestFrame: frame)
/// for row in explanation.rows { … }          // offset, bytes, path, type, value, note
/// explanation.failure                        // nil, or where and why the bytes stop making sense
/// ```
///
/// Bytes that do not parse are explained as far as they do; the rest stands in a row of its own.
public struct Explanation: Sendable {
    /// One line of an explanation.
    public struct Row: Equatable, Sendable {
        /// What a row stands for.
        public enum Kind: String, Sendable {
            /// Bytes with a meaning of their own. These rows and the unread ones cover all bytes, each exactly once.
            case field
            /// The heading of a structure; its bytes are those of the rows below it.
            case group
            /// Bytes that could not be read; the note says what was expected.
            case unread
        }

        /// What the row stands for.
        public var kind: Kind
        /// How deep the row is nested; 0 at the top.
        public var depth: Int
        /// Where the bytes begin: in the message, or in the unpacked data where ``isUnpacked`` is true.
        public var offset: Int
        /// The bytes. Those of a string, of bytes, or of an array begin with its length.
        public var bytes: Bytes
        /// The field's name in Kafka's message definitions, or `[3]` for an element of an array.
        public var name: String
        /// The path of what is around the row.
        var parentPath: String
        /// The type, as Kafka's protocol guide writes it: `int32`, `compact string`; for a group, the structure's name.
        public var type: String
        /// The value as text; empty for a group.
        public var value: String
        /// What there is to say besides: how a length is written, what a number means, why bytes were not read.
        public var note: String
        /// Whether the row is about compressed records after unpacking: such bytes are not in the message.
        public var isUnpacked: Bool
        /// Whether the bytes are a secret, or, in a row that could not be read, may hold one: whoever shows the row
        /// shows ``value`` and not ``bytes``. Never true where the explanation was asked for secrets.
        public var isSecret: Bool
        /// How the value is a set of bits; nil where it is none.
        var flagLayout: FlagLayout?

        /// The name with those of everything around it, such as `topics[3].partitions[0].errorCode`.
        public var path: String { Self.path(parentPath, name) }

        static func path(_ parent: String, _ name: String) -> String {
            if name.isEmpty || parent.isEmpty { return parent + name }
            return name.utf8.first == UInt8(ascii: "[") ? parent + name : parent + "." + name
        }
    }

    /// What was explained, such as `FetchResponse v12`.
    public internal(set) var title: String
    /// The rows in the order of the bytes, each heading before what it is the heading of.
    public internal(set) var rows: [Row] = []
    /// Why the bytes cannot be the message that they should be, or nil.
    public internal(set) var failure: WireError?
    /// The row at which ``failure`` was noticed.
    var failureRow: Int?
    /// The body that broke off, to find out what it might be instead.
    var brokenBody: BrokenBody?
    /// All bytes, where the size in front of them is wrong.
    var unframedBytes: Bytes?

    /// A body that is not what it should be.
    struct BrokenBody: Sendable {
        var type: any WireMessage.Type
        var version: Int16
        var bytes: Bytes
    }

    /// Explains a body: a message without header and size. Every byte of `bytes` should belong to it. Of fields that
    /// hold secrets (SASL exchanges, salted passwords, tokens) the rows say only the length, unless `showsSecrets`.
    public init(body bytes: Bytes, of type: any WireMessage.Type, version: Int16, showsSecrets: Bool = false) {
        self.init("\(type.wireName) v\(version)", bytes, showsSecrets: showsSecrets) { writer in
            writer.body(type, version: version, to: bytes.count)
        }
    }

    /// Explains a request with the size and the header in front of it; the header says which request it is.
    /// For `showsSecrets`, see ``init(body:of:version:showsSecrets:)``.
    public init(requestFrame bytes: Bytes, showsSecrets: Bool = false) {
        self.init("request", bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.request(to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains a response with the size and the header in front of it. A response does not say what it answers:
    /// `type` and `version` are those of the request. For `showsSecrets`, see ``init(body:of:version:showsSecrets:)``.
    public init(responseFrame bytes: Bytes, of type: any WireMessage.Type, version: Int16, showsSecrets: Bool = false) {
        self.init("\(type.wireName) v\(version)", bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.response(type, version: version, to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains the header of a response of which is not known what it answers; the body stays unread, and its row says
    /// why. That is no failure: the bytes may well be right.
    init(responseFrame bytes: Bytes, title: String, unreadBecause reason: String, showsSecrets: Bool) {
        self.init(title, bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.unknownResponse(reason, to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains a frame that has a size and then a secret without a header.
    init(opaqueFrame bytes: Bytes, _ name: String, note: String, showsSecrets: Bool) {
        self.init(name, bytes, showsSecrets: showsSecrets) { writer in
            writer.mayHoldSecrets = true
            guard let end = writer.frameSize() else { return }
            let content = bytes[writer.covered..<end]
            let value = Meaning.preview(content)
            writer.secret("token", "bytes", value, size: content.count, note: note, to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains record batches that stand back to back, as in a `records` field or in a segment of a broker's log.
    public init(records bytes: Bytes) {
        self.init("record batches", bytes) { $0.recordBatches(to: bytes.count, mayBeCutOff: false) }
    }

    /// Explains an embedded structure without the version in front of it.
    public init<E: EmbeddedMessage>(embedded bytes: Bytes, of type: E.Type, version: Int16) {
        self.init("\(type.wireName) v\(version)", bytes) { writer in
            let flexible = type.flexible.contains(version)
            writer.structure(type, version: version, flexible: flexible, to: bytes.count, mustEnd: true)
        }
    }

    /// Explains a header that stands alone.
    public init<H: WireMessageHeader>(header bytes: Bytes, of type: H.Type, version: Int16) {
        self.init("\(type.wireName) v\(version)", bytes) { writer in
            let flexible = type.flexible.contains(version)
            writer.structure(type, version: version, flexible: flexible, to: bytes.count, mustEnd: true)
        }
    }

    private init(
        _ title: String, _ bytes: Bytes, showsSecrets: Bool = false, _ explain: (inout ExplanationWriter) -> Void
    ) {
        var writer = ExplanationWriter(bytes, title: title, showsSecrets: showsSecrets)
        explain(&writer)
        writer.finish()
        self.title = writer.title
        rows = writer.rows
        failure = writer.failure
        failureRow = writer.failureRow
        brokenBody = writer.brokenBody
        if writer.failure?.field == "size" { unframedBytes = bytes }
    }
}

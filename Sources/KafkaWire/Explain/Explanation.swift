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
    /// What was explained, such as `FetchResponse v12`.
    public var title: String { subject.text }
    /// The rows in the order of the bytes, each heading before what it is the heading of. Their texts are made when they
    /// are asked for, each time anew.
    public let rows: Rows
    /// Why the bytes cannot be the message that they should be, or nil.
    public internal(set) var failure: WireError?
    /// What was explained.
    private var subject: Title
    /// The row at which ``failure`` was noticed.
    var failureRow: Int?
    /// The body that broke off, to find out what it might be instead.
    var brokenBody: BrokenBody?
    /// All bytes, where the size in front of them is wrong.
    var unframedBytes: Bytes?

    /// What was explained, in words once somebody wants to read them: looking up a type's name is slow.
    enum Title: Sendable {
        case text(String)
        case structure(any WireStruct.Type, version: Int16)

        var text: String {
            switch self {
            case .text(let text): text
            case .structure(let type, let version): "\(type.wireName) v\(version)"
            }
        }
    }

    /// A body that is not what it should be.
    struct BrokenBody: Sendable {
        var type: any WireMessage.Type
        var version: Int16
        var bytes: Bytes
    }

    /// Explains a body: a message without header and size. Every byte of `bytes` should belong to it. Of fields that
    /// hold secrets (SASL exchanges, salted passwords, tokens) the rows say only the length, unless `showsSecrets`.
    public init(body bytes: Bytes, of type: any WireMessage.Type, version: Int16, showsSecrets: Bool = false) {
        self.init(.structure(type, version: version), bytes, showsSecrets: showsSecrets) { writer in
            writer.body(type, version: version, to: bytes.count)
        }
    }

    /// Explains a request with the size and the header in front of it; the header says which request it is.
    /// For `showsSecrets`, see ``init(body:of:version:showsSecrets:)``.
    public init(requestFrame bytes: Bytes, showsSecrets: Bool = false) {
        self.init(.text("request"), bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.request(to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains a response with the size and the header in front of it. A response does not say what it answers:
    /// `type` and `version` are those of the request. For `showsSecrets`, see ``init(body:of:version:showsSecrets:)``.
    public init(responseFrame bytes: Bytes, of type: any WireMessage.Type, version: Int16, showsSecrets: Bool = false) {
        self.init(.structure(type, version: version), bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.response(type, version: version, to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains the header of a response of which is not known what it answers; the body stays unread, and its row says
    /// why. That is no failure: the bytes may well be right.
    init(responseFrame bytes: Bytes, title: String, unreadBecause reason: String, showsSecrets: Bool) {
        self.init(.text(title), bytes, showsSecrets: showsSecrets) { writer in
            guard let end = writer.frameSize() else { return }
            writer.unknownResponse(reason, to: end)
            writer.endOfFrame(at: end)
        }
    }

    /// Explains a frame that has a size and then a secret without a header.
    init(opaqueFrame bytes: Bytes, _ name: String, note: String, showsSecrets: Bool) {
        self.init(.text(name), bytes, showsSecrets: showsSecrets) { writer in
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
        self.init(.text("record batches"), bytes) { $0.recordBatches(to: bytes.count, mayBeCutOff: false) }
    }

    /// Explains an embedded structure without the version in front of it.
    public init<E: EmbeddedMessage>(embedded bytes: Bytes, of type: E.Type, version: Int16) {
        self.init(.structure(type, version: version), bytes) { writer in
            let flexible = type.flexible.contains(version)
            writer.structure(type, version: version, flexible: flexible, to: bytes.count, mustEnd: true)
        }
    }

    /// Explains a header that stands alone.
    public init<H: WireMessageHeader>(header bytes: Bytes, of type: H.Type, version: Int16) {
        self.init(.structure(type, version: version), bytes) { writer in
            let flexible = type.flexible.contains(version)
            writer.structure(type, version: version, flexible: flexible, to: bytes.count, mustEnd: true)
        }
    }

    private init(
        _ title: Title, _ bytes: Bytes, showsSecrets: Bool = false, _ explain: (inout ExplanationWriter) -> Void
    ) {
        var writer = ExplanationWriter(bytes, title: title, showsSecrets: showsSecrets)
        explain(&writer)
        rows = Rows(table: writer.finish())
        subject = writer.title
        failure = writer.failure
        failureRow = writer.failureRow
        brokenBody = writer.brokenBody
        if writer.failure?.field == "size" { unframedBytes = bytes }
    }
}

/// Messages, headers and frames as rows.
extension ExplanationWriter {
    /// A structure that begins where the rows end. Where it breaks off, the rest up to `end` becomes an unread row.
    /// `mustEnd` says whether bytes between it and `end` are a mistake. Says whether all went well.
    @inline(__always)
    @discardableResult
    mutating func structure<S: WireStruct>(
        _ type: S.Type, version: Int16, flexible: Bool, to end: Int, mustEnd: Bool
    ) -> Bool {
        let start = (offset: covered, mark: mark)
        let outer = begin(type)
        var decoder = ExplainingDecoder(version: version, flexible: flexible, moved(), to: end)
        var value = S()
        do throws(WireError) {
            try decoder.visit(&value)
            if mustEnd { try decoder.requireEnd() }
            self = decoder.out.moved()
            self.end(returningTo: outer)
            return true
        } catch {
            self = decoder.out.moved()
            unread(decoder.name, decoder.type, note: Explanation.found(error.reason), to: end)
            close(to: start.mark)
            self.end(returningTo: outer)
            var error = error
            if error.offset >= 0 { error.offset += start.offset }
            error.message = S.wireName
            error.version = version
            fail(error)
            return false
        }
    }

    /// A body up to `end`.
    mutating func body(_ type: any WireMessage.Type, version: Int16, to end: Int) {
        message = type
        guard type.versions.contains(version) else {
            let error = WireError(
                .unsupportedVersion(supported: type.versions), at: covered, message: type.wireName, version: version)
            unread("body", type.wireName, note: "\(error.reason)", to: end)
            fail(error)
            return
        }
        // The walk over the messages whose decoders are specialised and that carry much is specialised, too; doing so
        // for all of them would double the build time of the library (see `WireMessage`).
        switch type {
        case let type as FetchResponse.Type: openBody(type, version: version, to: end)
        case let type as FetchRequest.Type: openBody(type, version: version, to: end)
        case let type as ProduceRequest.Type: openBody(type, version: version, to: end)
        case let type as ProduceResponse.Type: openBody(type, version: version, to: end)
        case let type as MetadataResponse.Type: openBody(type, version: version, to: end)
        case let type as ListOffsetsRequest.Type: openBody(type, version: version, to: end)
        case let type as ListOffsetsResponse.Type: openBody(type, version: version, to: end)
        case let type as JoinGroupResponse.Type: openBody(type, version: version, to: end)
        default: openBody(type, version: version, to: end)
        }
    }

    @inline(__always)
    private mutating func openBody<M: WireMessage>(_ type: M.Type, version: Int16, to end: Int) {
        let (start, hasFailed) = (covered, failure != nil)
        let isWhole = structure(
            type, version: version, flexible: type.flexible.contains(version), to: end, mustEnd: true)
        guard !isWhole, !hasFailed else { return }
        brokenBody = .init(type: type, version: version, bytes: bytes[start..<end])
    }

    /// An embedded structure behind its two-byte version, up to `end`. What a newer version adds at the end is kept
    /// apart.
    mutating func versioned<E: EmbeddedMessage>(_ type: E.Type, to end: Int) {
        let start = covered
        do throws(WireError) {
            let (version, layout) = try type.versionPrefix(bytes[start..<end])
            let newer = version == layout ? "" : "; newer than is known here, read as version \(layout)"
            field("version", "int16", "\(version)", note: "of \(type.wireName)" + newer, to: start + 2)
            let flexible = type.flexible.contains(layout)
            structure(type, version: layout, flexible: flexible, to: end, mustEnd: false)
            if covered < end { unread("left over", "", note: "behind the end of the structure", to: end) }
        } catch {
            unread("version", "int16", note: "\(error.reason)", to: end)
        }
    }

    /// The size in front of a frame. Gives the frame's end, or nil where nothing can be read behind it.
    mutating func frameSize() -> Int? {
        if let name = ForeignProtocol.name(bytes) {
            unread("size", "int32", note: "this looks like \(name)", to: bytes.count)
            fail(WireError(.malformed("what looks like \(name)"), at: 0, field: "size", message: "Frame"))
            return nil
        }
        var reader = ByteReader(bytes)
        do throws(WireError) {
            let size: Int32 = try reader.integer()
            guard size >= 0 else {
                throw WireError(.badLength(Int(size), limit: bytes.count - 4), at: 0)
            }
            let left = bytes.count - 4
            field("size", "int32", "\(size)", note: "bytes that follow", to: 4)
            if Int(size) > left {
                remark("only \(Meaning.grouped(left)) are here")
                fail(WireError(.truncated(needed: Int(size), available: left), at: 4, field: "size", message: "Frame"))
            }
            return min(4 + Int(size), bytes.count)
        } catch {
            unread("size", "int32", note: Explanation.found(error.reason), to: bytes.count)
            fail(WireError(error.reason, at: 0, field: "size", message: "Frame"))
            return nil
        }
    }

    /// A request's header and body.
    mutating func request(to end: Int) {
        var reader = ByteReader(bytes[covered..<end])
        guard let key: Int16 = try? reader.integer(), let version: Int16 = try? reader.integer() else {
            open("header", "RequestHeader")
            structure(RequestHeader.self, version: 1, flexible: false, to: end, mustEnd: false)
            return close()
        }
        let api = API.of(APIKey(rawValue: key))
        message = api?.request
        title =
            api.map { .structure($0.request, version: version) } ?? .text("request of API \(key) v\(version)")
        let headerVersion = api.map { RequestHeader.version(for: $0.request, version) } ?? 1
        open("header", "RequestHeader v\(headerVersion)")
        let isWhole = structure(
            RequestHeader.self, version: headerVersion, flexible: headerVersion >= 2, to: end, mustEnd: false)
        close()
        guard isWhole else { return }
        guard let api else {
            unread("body", "bytes", note: "this build does not know API \(key)", to: end)
            return fail(
                WireError(
                    .malformed("API \(key), which this build does not know"), at: 4, field: "requestApiKey",
                    message: "RequestHeader", version: headerVersion))
        }
        open("body", "\(api.request.wireName) v\(version)")
        body(api.request, version: version, to: end)
        close()
    }

    /// A response's header and body.
    mutating func response(_ type: any WireMessage.Type, version: Int16, to end: Int) {
        let headerVersion = ResponseHeader.version(for: type, version)
        message = type
        open("header", "ResponseHeader v\(headerVersion)")
        let isWhole = structure(
            ResponseHeader.self, version: headerVersion, flexible: headerVersion >= 1, to: end, mustEnd: false)
        close()
        guard isWhole else { return }
        let refused = isRefusedNegotiation(type, version: version, to: end)
        let version = refused ? 0 : version
        open("body", "\(type.wireName) v\(version)", note: refused ? "the broker answers in version 0" : "")
        body(type, version: version, to: end)
        close()
    }

    /// The correlation id of a response, and the rest unread. Whether the header has tagged fields is not known either.
    mutating func unknownResponse(_ reason: String, to end: Int) {
        mayHoldSecrets = true
        open("header", "ResponseHeader")
        let isWhole = structure(ResponseHeader.self, version: 0, flexible: false, to: end, mustEnd: false)
        close()
        if isWhole, covered < end { unread("body", "", note: reason, to: end) }
    }

    /// Whether a broker that does not know the version of an ApiVersions request answers it, in version 0, with
    /// UNSUPPORTED_VERSION (KIP-511).
    private func isRefusedNegotiation(_ type: any WireMessage.Type, version: Int16, to end: Int) -> Bool {
        let rest = bytes[covered..<end]
        guard type.api == .apiVersions, version > 0, rest.count >= 2, rest[0] == 0, rest[1] == 35 else { return false }
        return (try? type.decode(rest, version: version)) == nil && (try? type.decode(rest, version: 0)) != nil
    }

    /// What stands behind the end of a frame.
    mutating func endOfFrame(at end: Int) {
        guard end < bytes.count else { return }
        let count = bytes.count - end
        unread("left over", "", note: "\(count) bytes behind the end of the frame", to: bytes.count)
        fail(WireError(.trailing(count), at: end, message: "Frame"))
    }
}

/// Record batches as rows: the batch's header, its checksum, and every record, unpacked where the codec is in this
/// build.
extension ExplanationWriter {
    /// The batches up to `end`, back to back. A batch that breaks off at `end` is no mistake where `mayBeCutOff` is
    /// true: brokers fill the last bytes of a fetch with part of a batch.
    mutating func recordBatches(to end: Int, mayBeCutOff: Bool) {
        var index = 0
        while covered < end {
            guard batch("[\(index)]", to: end, mayBeCutOff: mayBeCutOff) else { return }
            index += 1
        }
    }

    /// One batch; false where nothing behind it can be read.
    private mutating func batch(_ name: String, to end: Int, mayBeCutOff: Bool) -> Bool {
        typealias Layout = RecordBatch.Layout
        let start = covered
        let left = end - start
        let size = left >= 12 ? peek(Int32.self, at: start + 8).map { Int($0) + Layout.overhead } : nil
        let magic = left > 16 ? peek(Int8.self, at: start + 16) : nil
        if let size, let magic, size >= 12, size <= left {
            if magic == 2 && size >= Layout.headerSize {
                open(name, "record batch v2")
                batchBody(to: start + size)
                close()
                return true
            }
            if magic == 0 || magic == 1 {
                open(name, "message v\(magic)")
                legacyMessage(to: start + size)
                close()
                return true
            }
        }
        let isCutOff = (size ?? .max) > left && (magic.map { (0...2).contains($0) } ?? true)
        let found =
            isCutOff
            ? "a batch that is cut off: \(left) bytes" + (size.map { " of \($0)" } ?? "")
            : "no record batch: " + (magic.map { "magic \($0), length \((size ?? 0) - 12)" } ?? "\(left) bytes")
        if isCutOff && magic == 2 {
            open(name, "record batch v2")
            cutOffHeader(to: end)
            unread(left < Layout.headerSize ? "header" : "records", "bytes", note: found, to: end)
            close()
        } else {
            unread(name, "record batch", note: found, to: end)
        }
        if !(isCutOff && mayBeCutOff) { fail(Self.error(.malformed(found), start)) }
        return false
    }

    /// A batch of magic 2 whose size is known to fit.
    private mutating func batchBody(to end: Int) {
        let start = covered
        do throws(WireError) {
            guard let batch = try RecordBatch(bytes[start..<end]) else {
                throw WireError(.truncated(needed: RecordBatch.Layout.headerSize, available: end - start))
            }
            header(of: batch, start: start)
            switch batch.attributes.compression {
            case .some(.none): records(of: batch, to: end)
            case let codec?: packedRecords(of: batch, codec, to: end)
            case nil:
                unread("records", "bytes", note: "packed with an unknown codec", to: end)
                fail(Self.error(.unsupportedCodec("number \(batch.attributes.rawValue & 7)"), start + 21))
            }
        } catch {
            unread("record batch", "bytes", note: Explanation.found(error.reason), to: end)
            fail(Self.error(error.reason, start + max(error.offset, 0)))
        }
    }

    private mutating func header(of batch: RecordBatch, start: Int) {
        func next(_ name: StaticString, _ type: any WireType.Type, _ size: Int, kept number: Int64 = 0) {
            append(.batchNumber, name, type, number: number, to: covered + size)
        }
        next("baseOffset", Int64.self, 8)
        next("batchLength", Int32.self, 4)
        next("partitionLeaderEpoch", Int32.self, 4)
        next("magic", Int8.self, 1)
        let computed = batch.computedCRC
        next("crc", UInt32.self, 4, kept: Int64(computed))
        if computed != batch.crc { fail(Self.error(.checksum(expected: batch.crc, found: computed), start + 17)) }
        next("attributes", Int16.self, 2)
        next("lastOffsetDelta", Int32.self, 4, kept: batch.lastOffset.rawValue)
        next("baseTimestamp", Int64.self, 8)
        next("maxTimestamp", Int64.self, 8)
        next("producerId", Int64.self, 8)
        next("producerEpoch", Int16.self, 2)
        next("baseSequence", Int32.self, 4)
        next("recordCount", Int32.self, 4)
    }

    /// The fields of a batch's header that are whole; what they mean together cannot be said.
    private mutating func cutOffHeader(to end: Int) {
        let layout: [(name: String, type: String, size: Int)] = [
            ("baseOffset", "int64", 8), ("batchLength", "int32", 4), ("partitionLeaderEpoch", "int32", 4),
            ("magic", "int8", 1), ("crc", "uint32", 4), ("attributes", "int16", 2), ("lastOffsetDelta", "int32", 4),
            ("baseTimestamp", "int64", 8), ("maxTimestamp", "int64", 8), ("producerId", "int64", 8),
            ("producerEpoch", "int16", 2), ("baseSequence", "int32", 4), ("recordCount", "int32", 4),
        ]
        for (name, type, size) in layout {
            guard end - covered >= size else { return }
            var value = Int64(bitPattern: bytes[covered..<covered + size].copy().reduce(0) { $0 << 8 | UInt64($1) })
            // The sign is that of the field's own width.
            if type != "uint32" { value = (value << Int64(64 - 8 * size)) >> Int64(64 - 8 * size) }
            let isTime = name.hasSuffix("Timestamp")
            let note = name == "crc" ? "cannot be checked: the batch is cut off" : isTime ? Self.time(value) : ""
            let text = name == "crc" ? RowTexts.hex(UInt32(truncatingIfNeeded: value)) : "\(value)"
            field(
                name, type, text, note: note, flags: name == "attributes" ? .batchAttributes : nil,
                to: covered + size)
        }
    }

    private mutating func packedRecords(of batch: RecordBatch, _ codec: Compression, to end: Int) {
        let packed = bytes[covered..<end]
        let at = covered
        field("records", codec.name, "\(packed.count) bytes", note: "packed with \(codec.name)", to: end)
        unpacked(at: at) { () throws(WireError) in
            try codec.decompress(packed)
        } rows: {
            $0.records(of: batch, to: $1)
        }
    }

    /// Adds the rows of what was packed and ends here.
    private mutating func unpacked(
        at: Int, _ unpack: () throws(WireError) -> Bytes, rows: (inout ExplanationWriter, _ end: Int) -> Void
    ) {
        do throws(WireError) {
            let payload = try unpack()
            remark("\(payload.count) bytes when unpacked; the offsets below count in those")
            inside(payload) { rows(&$0, payload.count) }
        } catch {
            remark("\(error.reason)")
            if case .unsupportedCodec = error.reason { return }
            fail(Self.error(error.reason, at))
        }
    }

    private mutating func records(of batch: RecordBatch, to end: Int) {
        let outer = mark
        for index in plainRecords(of: batch, to: end)..<max(batch.recordCount, 0) {
            do throws(WireError) {
                open(.record, "", traits: .element, number: Int64(index))
                try record(of: batch, to: end)
                close()
            } catch {
                var error = error
                let start = covered
                let place = error.field.isEmpty ? ("record", "bytes") : (error.field, error.message)
                unread(place.0, place.1, note: Explanation.found(error.reason), to: end)
                close(to: outer)
                error.offset = start
                error.message = "RecordBatch"
                return fail(error)
            }
        }
        guard covered < end else { return }
        let count = end - covered
        let start = covered
        unread("left over", "", note: "\(Meaning.bytes(count)) behind the last record", to: end)
        fail(Self.error(.trailing(count), start))
    }

    /// The records from the first one on that are well formed, which is nearly always all but the last two; gives their
    /// number. What comes behind them is read with a ``ByteReader``, which says what is wrong.
    private mutating func plainRecords(of batch: RecordBatch, to end: Int) -> Int32 {
        // The keys and values of control records have rows of their own.
        guard !batch.attributes.isControl else { return 0 }
        let base = covered
        let stamp = batch.attributes.isLogAppendTime ? batch.maxTimestamp : nil
        var index: Int32 = 0
        bytes[base..<end].withUnsafeBytes { raw in
            guard let first = raw.baseAddress else { return }
            var cursor = RecordCursor(first, count: raw.count)
            /// Where the varint at `place` ends, of which is known that it does.
            func behind(_ place: Int) -> Int {
                var at = place
                while raw[at] >= 0x80 { at &+= 1 }
                return at &+ 1
            }
            while index < batch.recordCount {
                let start = cursor.at
                guard let record = cursor.next() else { return }
                open(.record, "", traits: .element, number: Int64(index))
                let attributes = behind(start)
                append(.recordLength, "length", to: base &+ attributes)
                append(.recordAttributes, "attributes", Int8.self, to: base &+ attributes &+ 1)
                let offset = behind(attributes &+ 1)
                append(
                    .timestampDelta, "timestampDelta", number: stamp ?? batch.baseTimestamp &+ record.timestampDelta,
                    to: base &+ offset)
                append(
                    .offsetDelta, "offsetDelta", number: (batch.baseOffset + Int64(record.offsetDelta)).rawValue,
                    to: base &+ behind(offset))
                append(.part, "key", to: base &+ Int(record.keyStart) &+ max(0, Int(record.keyLength)))
                let valueEnd = Int(record.valueStart) &+ max(0, Int(record.valueLength))
                append(.part, "value", to: base &+ valueEnd)
                append(.headerCount, "headerCount", to: base &+ behind(valueEnd))
                for header in 0..<Int64(record.headerCount) {
                    open(.header, "headers", traits: .element, number: header)
                    for name: StaticString in ["key", "value"] {
                        var reader = ByteReader(bytes[covered..<end])
                        guard let length = try? reader.varint() else { break }
                        append(.part, name, to: covered + reader.offset + max(0, Int(length)))
                    }
                    close()
                }
                close()
                index &+= 1
            }
        }
        return index
    }

    private mutating func record(of batch: RecordBatch, to end: Int) throws(WireError) {
        let length = try varint(.recordLength, "length", to: end)
        let start = covered
        guard length >= 0, length <= Int64(end - start) else {
            throw WireError(.badLength(Int(length), limit: end - start))
        }
        let end = start + Int(length)
        guard end > covered else { throw WireError(.truncated(needed: 1, available: 0)) }
        append(.recordAttributes, "attributes", Int8.self, to: covered + 1)
        let isLogAppendTime = batch.attributes.isLogAppendTime
        try varint(.timestampDelta, "timestampDelta", to: end) {
            isLogAppendTime ? batch.maxTimestamp : batch.baseTimestamp &+ $0
        }
        try varint(.offsetDelta, "offsetDelta", to: end) { (batch.baseOffset + $0).rawValue }
        let isControl = batch.attributes.isControl
        let key = try part("key", isControl ? .controlKey : .plain, to: end)
        let type = isControl ? key.flatMap { try? ControlRecordTypeSchema.decodeVersioned($0).type } : nil
        try part("value", type.map { .controlValue($0) } ?? .plain, to: end)
        let headers = try varint(.headerCount, "headerCount", to: end)
        guard headers >= 0, headers <= Int64(end - covered) else {
            throw WireError(.badLength(Int(headers), limit: end - covered))
        }
        for index in 0..<headers {
            open(.header, "headers", traits: .element, number: index)
            try part("key", .headerName, to: end)
            try part("value", .plain, to: end)
            close()
        }
        guard covered == end else {
            throw WireError(.malformed("\(end - covered) bytes behind the end of the record"))
        }
    }

    private enum Content {
        case plain
        /// A header's name, which cannot be null.
        case headerName
        case controlKey
        /// The value of a control record of that type.
        case controlValue(Int16)
    }

    /// A length as a varint and as many bytes; -1 is null. Gives the bytes.
    @discardableResult
    private mutating func part(_ name: StaticString, _ content: Content, to end: Int) throws(WireError) -> Bytes? {
        var reader = ByteReader(bytes[covered..<end])
        let length: Int
        let value: Bytes
        do throws(WireError) {
            length = Int(try reader.varint())
            guard length >= -1, length <= reader.remaining else {
                throw WireError(.badLength(length, limit: reader.remaining))
            }
            value = try reader.slice(max(length, 0))
        } catch { throw Self.unread(name, .part, error) }
        let prefix = covered + reader.offset - value.count
        guard length >= 0 else {
            if case .headerName = content { throw Self.unread(name, .part, WireError(.unexpectedNull)) }
            append(.part, name, to: prefix)
            return nil
        }
        switch content {
        case .controlKey where embedded(ControlRecordTypeSchema.self, name, value, at: prefix): break
        case .controlValue(0...1) where embedded(EndTxnMarker.self, name, value, at: prefix): break
        case .controlValue(2) where embedded(LeaderChangeMessage.self, name, value, at: prefix): break
        default: append(.part, name, to: prefix + length)
        }
        return value
    }

    /// Explains a record's key or value that holds a structure; false where it holds something else.
    private mutating func embedded<E: EmbeddedMessage>(
        _ type: E.Type, _ name: StaticString, _ value: Bytes, at prefix: Int
    ) -> Bool {
        guard (try? type.decodeVersioned(value)) != nil else { return false }
        append(.partLength, name, to: prefix)
        push()
        versioned(type, to: prefix + value.count)
        close()
        return true
    }

    /// A number, beside whose row `kept` is kept.
    @discardableResult
    private mutating func varint(
        _ form: RowForm, _ name: StaticString, to end: Int, kept: (Int64) -> Int64 = { _ in 0 }
    ) throws(WireError) -> Int64 {
        var reader = ByteReader(bytes[covered..<end])
        let value: Int64
        do throws(WireError) {
            value = form == .timestampDelta ? try reader.varlong() : Int64(try reader.varint())
        } catch {
            throw Self.unread(name, form, error)
        }
        append(form, name, number: kept(value), to: covered + reader.offset)
        return value
    }

    /// An error that carries the field and, in place of the message, the type of the row that could not be read.
    private static func unread(_ name: StaticString, _ form: RowForm, _ error: WireError) -> WireError {
        WireError(error.reason, field: name.description, message: RowTexts.type(form, nil, isCompact: false))
    }

    /// A message of the formats before Kafka 0.11 (magic 0 and 1), or a packed set of them.
    private mutating func legacyMessage(to end: Int) {
        var reader = ByteReader(bytes[covered..<end])
        let start = covered
        do throws(WireError) {
            field("offset", "int64", "\(try reader.integer(Int64.self))", to: start + reader.offset)
            field("messageSize", "int32", "\(try reader.integer(Int32.self))", to: start + reader.offset)
            let crc = try reader.integer(UInt32.self)
            let computed = CRC32.checksum(bytes[start + reader.offset..<end])
            let verdict = computed == crc ? "matches" : "WRONG, computed \(RowTexts.hex(computed))"
            let range = "CRC-32 over bytes 16 to the end (\(start + 16) to \(end - 1))"
            field("crc", "uint32", RowTexts.hex(crc), note: "\(range): \(verdict)", to: start + reader.offset)
            if computed != crc { fail(Self.error(.checksum(expected: crc, found: computed), start + 12)) }
            let magic = try reader.integer(Int8.self)
            field("magic", "int8", "\(magic)", note: "the format before Kafka 0.11", to: start + reader.offset)
            let attributes = try reader.integer(UInt8.self)
            let codec = Compression(rawValue: attributes & 7)
            field(
                "attributes", "int8", "\(attributes)", note: codec?.name ?? "unknown codec", flags: .messageAttributes,
                to: start + reader.offset)
            if magic == 1 {
                let time = try reader.integer(Int64.self)
                field("timestamp", "int64", "\(time)", note: Self.time(time), to: start + reader.offset)
            }
            for name in ["key", "value"] {
                let length = Int(try reader.integer(Int32.self))
                if length == -1 {
                    field(name, "bytes", "null", note: "length -1 = null", to: start + reader.offset)
                } else {
                    let value = Meaning.preview(try reader.slice(length))
                    field(name, "bytes", value, note: "length \(length)", to: start + reader.offset)
                }
            }
            if reader.remaining > 0 { throw WireError(.trailing(reader.remaining), at: reader.offset) }
            guard !isUnpacked || codec == Compression.none else {
                throw WireError(.malformed("a packed message inside a packed message"), at: reader.offset)
            }
            guard let codec else { throw WireError(.unsupportedCodec("number \(attributes & 7)"), at: 17) }
            guard codec != .none, let message = try RecordBatch(bytes[start..<end]) else { return }
            unpacked(at: start) { () throws(WireError) in
                try LegacyMessage.payload(of: message, codec, limit: Compression.defaultLimit)
            } rows: {
                $0.recordBatches(to: $1, mayBeCutOff: false)
            }
            // Each message may be sound, and yet no set: of another magic, or with offsets that lie too far apart.
            if failure == nil { _ = try LegacyMessage.records(of: message, limit: Compression.defaultLimit) }
        } catch {
            unread("message", "bytes", note: Explanation.found(error.reason), to: end)
            fail(Self.error(error.reason, start + max(error.offset, 0)))
        }
    }

    private func peek<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) -> T? {
        guard offset <= bytes.count else { return nil }
        var reader = ByteReader(bytes[offset..<bytes.count])
        return try? reader.integer()
    }

    private static func time(_ milliseconds: Int64) -> String { Meaning.instant(milliseconds) ?? "" }

    private static func error(_ reason: WireError.Reason, _ at: Int) -> WireError {
        WireError(reason, at: at, message: "RecordBatch")
    }
}

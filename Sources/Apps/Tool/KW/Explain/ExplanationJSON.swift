import JSONLines
import KafkaWire

/// An explanation as JSON, for programs.
enum ExplanationJSON {
    /// One object on one line: what `frame` says of itself, the title, the number of bytes, the rows that are shown,
    /// and the failure or null.
    static func text(
        _ explanation: Explanation, count: Int, selection: RowSelection = RowSelection(), showsBits: Bool = false,
        frame: [(String, String)] = []
    ) -> String {
        let rows = selection.pieces(explanation.rows).compactMap { piece in
            if case .row(let row) = piece { text(row, showsBits: showsBits) } else { nil }
        }
        return JSONText.object(
            frame + [
                ("title", JSONText.string(explanation.title)), ("bytes", "\(count)"),
                ("rows", JSONText.array(rows)), ("failure", failure(explanation) ?? "null"),
            ])
    }

    private static func text(_ row: Explanation.Row, showsBits: Bool) -> String {
        var fields = [
            ("kind", JSONText.string(row.kind.rawValue)), ("depth", "\(row.depth)"), ("offset", "\(row.offset)"),
            ("length", "\(row.bytes.count)"),
            ("hex", JSONText.string(row.kind == .group || row.isSecret ? "" : "\(row.bytes)")),
            ("name", JSONText.string(row.name)), ("path", JSONText.string(row.path)),
            ("type", JSONText.string(row.type)), ("value", JSONText.string(row.value)),
            ("note", JSONText.string(row.note)), ("unpacked", "\(row.isUnpacked)"), ("secret", "\(row.isSecret)"),
        ]
        if showsBits { fields.append(("bits", JSONText.array(row.bits.map(text)))) }
        return JSONText.object(fields)
    }

    private static func text(_ bits: Explanation.Bits) -> String {
        switch bits {
        case .varint(let varint):
            JSONText.object([
                ("hex", JSONText.string("\(varint.bytes)")), ("form", JSONText.string(varint.form.rawValue)),
                ("split", JSONText.array(varint.split.map { JSONText.string($0) })),
                ("groups", JSONText.array(varint.groups.map { JSONText.string($0) })), ("raw", "\(varint.raw)"),
                ("value", varint.value.map { "\($0)" } ?? "null"), ("text", JSONText.string(varint.text)),
            ])
        case .flags(let flags):
            JSONText.object([
                (
                    "flags",
                    JSONText.array(
                        flags.map { flag in
                            JSONText.object([
                                ("lowest", "\(flag.bits.lowerBound)"), ("highest", "\(flag.bits.upperBound)"),
                                ("value", "\(flag.value)"), ("meaning", JSONText.string(flag.meaning)),
                            ])
                        })
                )
            ])
        }
    }

    private static func failure(_ explanation: Explanation) -> String? {
        guard let error = explanation.failure else { return nil }
        let broken = explanation.breakage
        return JSONText.object([
            ("message", JSONText.string("\(error)")), ("offset", "\(error.offset)"),
            ("field", JSONText.string(error.field)), ("path", JSONText.string(broken?.row.path)),
            ("expected", JSONText.string(broken?.expected)), ("found", JSONText.string(broken?.found)),
            ("hint", JSONText.string(broken?.hint)),
        ])
    }
}

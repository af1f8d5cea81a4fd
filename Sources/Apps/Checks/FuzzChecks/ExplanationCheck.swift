import KafkaWire

/// What holds for the explanation of any bytes.
enum ExplanationCheck {
    /// The rows of what is in the message, without those of unpacked data, cover every byte once and in order.
    static func covers(_ explanation: Explanation, _ bytes: Bytes) throws(Finding) {
        var at = 0
        for row in explanation.rows where row.kind != .group && !row.isUnpacked {
            try claim(
                row.offset == at,
                "\(explanation.title): the row \(row.path) begins at byte \(row.offset), not at \(at)")
            at += row.bytes.count
        }
        try claim(at == bytes.count, "\(explanation.title): the rows cover \(at) of \(bytes.count) bytes")
    }

    /// The explainer fails where the decoder does, with the same words. It also looks into record batches, which the
    /// decoder of messages leaves alone.
    static func agrees(_ explanation: Explanation, with error: WireError?) throws(Finding) {
        if explanation.failure?.message == "RecordBatch" { return }
        try claim(
            explanation.failure == error,
            "\(explanation.title): decoding says \(said(error)), explaining says \(said(explanation.failure))")
    }

    private static func said(_ error: WireError?) -> String { error.map { "\"\($0)\"" } ?? "that all is well" }
}

/// What holds for every error of a decoder.
enum ErrorCheck {
    /// An error names its message and version, a place in the bytes, and the field that was being read.
    static func isAddressed(
        _ error: WireError, _ message: String, _ version: Int16, size: Int, hasFields: Bool
    ) throws(Finding) {
        try claim(error.message == message, "\"\(error)\" does not name \(message)")
        try claim(error.version == version, "\"\(error)\" does not name version \(version)")
        if case .unsupportedVersion = error.reason { return }
        try claim(0...size ~= error.offset, "\"\(error)\" does not lie in the \(size) bytes that were read")
        if case .trailing = error.reason { return }
        try claim(!error.field.isEmpty || !hasFields, "\"\(error)\" names no field")
    }
}

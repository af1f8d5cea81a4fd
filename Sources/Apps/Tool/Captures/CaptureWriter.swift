import JSONLines
import KafkaWire

extension Capture {
    /// The first line of a capture's file, without its end.
    package static func head(note: String? = nil) -> String {
        var fields = [("format", JSONText.string(format)), ("version", "\(version)")]
        if let note { fields.append(("note", JSONText.string(note))) }
        return JSONText.object(fields)
    }

    /// The capture as a file's lines, each without its end.
    package var lines: [String] { [Self.head(note: note)] + frames.map(\.line) }
}

extension Capture.Frame {
    /// The frame's line in a capture's file, without its end: for a recorder that writes as it goes.
    package var line: String {
        var fields = [
            ("time", "\(time)"), ("connection", "\(connection)"), ("from", JSONText.string(from.rawValue)),
        ]
        if let client { fields.append(("client", JSONText.string(client))) }
        if let broker { fields.append(("broker", JSONText.string(broker))) }
        if isPartial { fields.append(("partial", "true")) }
        fields.append(("hex", JSONText.string("\(bytes)")))
        return JSONText.object(fields)
    }
}

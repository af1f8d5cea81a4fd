import JSONLines
import KafkaWire

extension Capture {
    /// Whether a file's content is a capture, by its first line.
    package static func isCapture(_ content: [UInt8]) -> Bool {
        guard content.first == UInt8(ascii: "{") else { return false }
        let line = content.prefix { $0 != UInt8(ascii: "\n") }
        guard line.count < 1 << 20, let head = JSON(String(decoding: line, as: UTF8.self)) else { return false }
        return head["format"].text == format
    }

    /// Reads a capture's content. `name` is that of the file, for errors: the first line that is wrong throws a
    /// sentence with its number. Fields that are not known are passed over.
    package init(_ content: [UInt8], name: String) throws(FileError) {
        var lines = FileContent.lines(content)[...]
        guard let first = lines.popFirst(), let head = JSON(first.text), head["format"].text == Self.format else {
            throw FileError("\(name) is no capture: its first line does not say \"format\":\"\(Self.format)\"")
        }
        guard head["version"].number == Self.version else {
            throw FileError("\(name), line \(first.number): a capture of a version other than \(Self.version)")
        }
        self.init(note: head["note"].text)
        frames.reserveCapacity(lines.count)
        for line in lines {
            do throws(Mistake) { frames.append(try Frame(line.text)) } catch {
                throw FileError("\(name), line \(line.number): \(error.sentence)")
            }
        }
    }
}

/// What is wrong with a line.
private struct Mistake: Error {
    var sentence: String
    init(_ sentence: String) { self.sentence = sentence }
}

extension Capture.Frame {
    fileprivate init(_ line: String) throws(Mistake) {
        guard let json = JSON(line), case .object = json else { throw Mistake("no JSON object") }
        guard let time = json["time"].number, time >= 0 else {
            throw Mistake("\"time\" must be a whole number of microseconds, 0 or more")
        }
        guard let connection = json["connection"].number.flatMap({ Int(exactly: $0) }), connection >= 0 else {
            throw Mistake("\"connection\" must be a number, 0 or more")
        }
        guard let from = json["from"].text.flatMap({ Conversation.Side(rawValue: $0) }) else {
            throw Mistake("\"from\" must be \"client\" or \"broker\"")
        }
        guard let digits = json["hex"].text, let array = Hex.decode(digits) else {
            throw Mistake("\"hex\" must be a string of hexadecimal digits, two for each byte")
        }
        let bytes = Bytes(array)
        let isPartial: Bool
        switch json["partial"] {
        case .bool(let value): isPartial = value
        case .null: isPartial = false
        default: throw Mistake("\"partial\" must be true or false")
        }
        guard isPartial || Self.isWhole(bytes) else {
            throw Mistake(
                "the \(bytes.count) bytes are no whole frame: the four-byte size in front does not fit; where that is"
                    + " so on purpose, the line says \"partial\":true")
        }
        self.init(
            time: time, connection: connection, from: from, bytes: bytes, isPartial: isPartial,
            client: try Self.optional("client", json), broker: try Self.optional("broker", json))
    }

    private static func optional(_ name: String, _ json: JSON) throws(Mistake) -> String? {
        switch json[name] {
        case .null: return nil
        case .string(let text): return text
        default: throw Mistake("\"\(name)\" must be a string")
        }
    }
}

import KafkaWire

/// What went over one or more connections between clients and brokers: the frames, in the order in which they were
/// seen.
///
/// As a file it is lines of JSON. The first says what the file is, each other line is a frame, size prefix included:
/// ```
/// {"format":"kafkawire-capture","version":1,"note":"a consumer joins"}
/// {"time":0,"connection":1,"from":"client","hex":"00000015…"}
/// {"time":840,"connection":1,"from":"broker","hex":"0000011c…"}
/// ```
/// `time` is in microseconds since the recording began. A frame may also have the addresses `client` and `broker`, and
/// has `"partial":true` where its bytes are no whole frame: the connection ended there, or was not Kafka's.
package struct Capture: Equatable, Sendable {
    /// A frame, or what came in its place.
    package struct Frame: Equatable, Sendable {
        /// Microseconds since the recording began.
        package var time: Int64
        /// The connection's number, which counts from 1.
        package var connection: Int
        /// Who sent it.
        package var from: Conversation.Side
        /// The bytes, size prefix included.
        package var bytes: Bytes
        /// Whether the bytes are no whole frame.
        package var isPartial: Bool
        /// The client's address, where the recorder noted it.
        package var client: String?
        /// The broker's address, where the recorder noted it.
        package var broker: String?

        package init(
            time: Int64, connection: Int, from: Conversation.Side, bytes: Bytes, isPartial: Bool = false,
            client: String? = nil, broker: String? = nil
        ) {
            self.time = time
            self.connection = connection
            self.from = from
            self.bytes = bytes
            self.isPartial = isPartial
            self.client = client
            self.broker = broker
        }

        /// Whether the bytes are a size and as many bytes as it says.
        package static func isWhole(_ bytes: Bytes) -> Bool {
            var reader = ByteReader(bytes)
            guard let size = try? reader.integer(Int32.self) else { return false }
            return Int(size) == reader.remaining
        }
    }

    /// What the files of this form say of themselves.
    static let format = "kafkawire-capture"
    /// The version of the form that is read and written here.
    static let version: Int64 = 1

    /// What was recorded, in words; nil where nobody said.
    package var note: String?
    /// The frames in the order in which they were seen.
    package var frames: [Frame]

    package init(note: String? = nil, frames: [Frame] = []) {
        self.note = note
        self.frames = frames
    }
}

/// A request or a response on its connection: a size of four bytes, a header, and a body.
public enum Frame {
    /// The largest frame that Kafka brokers take from clients by default (`socket.request.max.bytes`).
    public static let defaultLimit = 100 << 20
    /// Where in a request's frame the correlation id stands: behind size, API and version.
    package static let correlationOffset = 8

    /// A request as it is sent.
    public static func request<R: WireRequest>(
        _ request: R, version: Int16, correlationId: Int32, clientId: String?
    ) throws(WireError) -> [UInt8] {
        let header = RequestHeader.with {
            $0.requestApiKey = R.api.rawValue
            $0.requestApiVersion = version
            $0.correlationId = correlationId
            $0.clientId = clientId
        }
        return try ByteWriter.array(expecting: 256 + request.recordBytes) {
            (writer: consuming ByteWriter) throws(WireError) in
            writer.integer(0 as Int32)
            let behindHeader = try header.encode(into: writer, version: RequestHeader.version(for: R.self, version))
            return try sized(try request.encode(into: behindHeader, version: version))
        }
    }

    /// A response as it is sent.
    public static func response<R: WireMessage>(
        _ response: R, version: Int16, correlationId: Int32
    ) throws(WireError) -> [UInt8] {
        let header = ResponseHeader.with { $0.correlationId = correlationId }
        return try ByteWriter.array(expecting: 256 + response.recordBytes) {
            (writer: consuming ByteWriter) throws(WireError) in
            writer.integer(0 as Int32)
            let behindHeader = try header.encode(into: writer, version: ResponseHeader.version(for: R.self, version))
            return try sized(try response.encode(into: behindHeader, version: version))
        }
    }

    /// Reads the body of a response whose frame, without its size, is `frame`.
    public static func decodeResponse<R: WireMessage>(
        _ type: R.Type, _ frame: Bytes, version: Int16
    ) throws(WireError) -> R {
        let headerVersion = ResponseHeader.version(for: type, version)
        let (_, size) = try ResponseHeader.decodePrefix(frame, version: headerVersion)
        return try R.decode(frame[size..<frame.count], version: version)
    }

    /// Reads a request's header from a frame without its size. The first four fields are the same in every version, so
    /// that a broker can name an API or a version that it does not know.
    public static func decodeRequestHeader(_ frame: Bytes) throws(WireError) -> (header: RequestHeader, body: Bytes) {
        let (header, size) = try RequestHeader.decodePrefix(frame, version: headerVersion(of: frame))
        return (header, frame[size..<frame.count])
    }

    /// The version of a request's header, told from the API and the version in it; 1 where they are not known or not there.
    private static func headerVersion(of frame: Bytes) -> Int16 {
        var reader = ByteReader(frame)
        guard let key: Int16 = try? reader.integer(), let version: Int16 = try? reader.integer(),
            let api = API.of(APIKey(rawValue: key))
        else { return 1 }
        return RequestHeader.version(for: api.request, version)
    }

    private static func sized(_ writer: consuming ByteWriter) throws(WireError) -> ByteWriter {
        guard let size = Int32(exactly: writer.count - 4) else {
            throw WireError(.tooLong(writer.count - 4, limit: Int(Int32.max)), field: "size")
        }
        writer.patch(size, at: 0)
        return writer
    }
}

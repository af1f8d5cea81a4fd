import KafkaWire

/// The answer that refuses a request, made from the request's bytes alone: for what stands in a broker's place.
package enum RefusedRequest {
    /// Whether answers of that API have a place for an error, as far as is known here.
    package static func hasAnswer(_ api: APIKey) -> Bool { type(api) != nil }

    /// The whole frame of the answer with `code` in every place where errors of what was asked for stand; nil where the
    /// API or the version is not known.
    ///
    /// - Parameter frame: The request's frame without its size.
    package static func answer(to frame: Bytes, saying code: ErrorCode) throws(WireError) -> [UInt8]? {
        let (header, body) = try Frame.decodeRequestHeader(frame)
        guard let type = type(APIKey(rawValue: header.requestApiKey)),
            type.versions.contains(header.requestApiVersion)
        else { return nil }
        return try answer(type, body, header, code)
    }

    private static func type(_ api: APIKey) -> (any FailableRequest.Type)? {
        API.of(api)?.request as? any FailableRequest.Type
    }

    private static func answer<R: FailableRequest>(
        _: R.Type, _ body: Bytes, _ header: RequestHeader, _ code: ErrorCode
    ) throws(WireError) -> [UInt8] {
        let version = header.requestApiVersion
        let response = try decode(R.self, body, version).failed(code, version: version)
        return try Frame.response(response, version: version, correlationId: header.correlationId)
    }

    /// Bytes behind a request's end are passed over, as Kafka does.
    private static func decode<R: WireRequest>(_: R.Type, _ body: Bytes, _ version: Int16) throws(WireError) -> R {
        do throws(WireError) {
            return try R.decode(body, version: version)
        } catch {
            guard case .trailing(let count) = error.reason, (1..<body.count).contains(count) else { throw error }
            return try R.decode(body[0..<body.count - count], version: version)
        }
    }
}

/// Who is told what passes over a connection, on its loop.
package protocol ConnectionWatch: Sendable {
    /// A request of so many bytes was queued.
    func sent(_ api: APIKey, version: Int16, bytes: Int)
    /// Its answer of so many bytes has come, or `error` says why it will not.
    func answered(_ api: APIKey, version: Int16, bytes: Int, after time: Duration, error: KafkaError?)
    /// An open connection has ended; `reason` is nil where this side closed it.
    func ended(because reason: KafkaError?)
}

extension Frame {
    /// The version that a request's frame, its size included, is written in; -1 where it is too short to be one.
    static func version(of request: [UInt8]) -> Int16 {
        guard request.count > 7 else { return -1 }
        return Int16(truncatingIfNeeded: Int(request[6]) << 8 | Int(request[7]))
    }
}

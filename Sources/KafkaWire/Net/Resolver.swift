/// Looks names up on a thread of their own: the system's resolver blocks, and may do so for many seconds.
package enum Resolver {
    /// The addresses of `host`.
    package static func resolve(host: String, port: UInt16) async throws(NetError) -> [SocketAddress] {
        let outcome: Result<[SocketAddress], NetError> = await withCheckedContinuation { continuation in
            resolve(host: host, port: port) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// Calls `body` once with the addresses of `host`, on some thread: for those who do not wait for ever.
    static func resolve(
        host: String, port: UInt16, _ body: @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void
    ) {
        do throws(NetError) {
            try Thread.start { body(lookUp(host, port)) }
        } catch {
            body(.failure(error))
        }
    }

    private static func lookUp(_ host: String, _ port: UInt16) -> Result<[SocketAddress], NetError> {
        do throws(NetError) {
            return .success(try SocketAddress.resolve(host: host, port: port))
        } catch {
            return .failure(error)
        }
    }
}

/// Looks names up on a thread of their own: the system's resolver blocks, and may do so for many seconds.
package enum Resolver {
    /// The addresses of `host`.
    package static func resolve(host: String, port: UInt16) async throws(NetError) -> [SocketAddress] {
        let outcome: Result<[SocketAddress], NetError> = await withCheckedContinuation { continuation in
            do throws(NetError) {
                try Thread.start { continuation.resume(returning: lookUp(host, port)) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try outcome.get()
    }

    private static func lookUp(_ host: String, _ port: UInt16) -> Result<[SocketAddress], NetError> {
        do throws(NetError) {
            return .success(try SocketAddress.resolve(host: host, port: port))
        } catch {
            return .failure(error)
        }
    }
}

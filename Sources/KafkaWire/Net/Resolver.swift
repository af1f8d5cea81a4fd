/// Looks names up on a thread of their own: the system's resolver blocks, and may do so for many seconds.
enum Resolver {
    /// Calls `body` once with the addresses of `host`, on some thread.
    static func resolve(
        host: String, port: UInt16, isPassive: Bool,
        _ body: @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void
    ) {
        do throws(NetError) {
            try Thread.start { body(lookUp(host, port, isPassive)) }
        } catch {
            body(.failure(error))
        }
    }

    /// Calls `body` once with the names that the system has for the addresses of `host`, on some thread.
    static func canonicalNames(of host: String, _ body: @escaping @Sendable (Result<[String], NetError>) -> Void) {
        resolve(host: host, port: 0, isPassive: false) { found in
            body(
                found.map { addresses in
                    var names: [String] = []
                    for name in addresses.map(\.canonicalName) where !names.contains(name) { names.append(name) }
                    return names
                })
        }
    }

    private static func lookUp(
        _ host: String, _ port: UInt16, _ isPassive: Bool
    ) -> Result<[SocketAddress], NetError> {
        do throws(NetError) {
            return .success(try SocketAddress.resolve(host: host, port: port, passive: isPassive))
        } catch {
            return .failure(error)
        }
    }
}

#if Security
    import COpenSSL

    /// Sessions that a client may take up again, by server. One of TLS 1.3 is used once (RFC 8446, C.4): who sees both
    /// connections could tell that they are of one client. One of TLS 1.2 is used until another comes: the server sends
    /// none with each connection.
    struct TLSSessions: ~Copyable {
        /// Servers that are remembered at most, and sessions of each.
        private static let mostServers = 256
        private static let mostEach = 2

        private struct Entry {
            var sessions: [OpaquePointer]
            var lastUse: UInt64
        }

        private var entries: [String: Entry] = [:]
        private var uses: UInt64 = 0

        var count: Int { entries.values.reduce(0) { $0 + $1.sessions.count } }

        /// Owns the session from now on.
        mutating func insert(_ session: OpaquePointer, for server: String) {
            uses &+= 1
            if entries[server] == nil, entries.count >= Self.mostServers {
                // Each use has its own number: the smallest is of one server.
                if let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key { remove(oldest) }
            }
            var entry = entries[server] ?? Entry(sessions: [], lastUse: uses)
            entry.lastUse = uses
            entry.sessions.append(session)
            if entry.sessions.count > Self.mostEach { SSL_SESSION_free(entry.sessions.removeFirst()) }
            entries[server] = entry
        }

        /// The newest session with a server; it is the caller's.
        mutating func take(for server: String) -> OpaquePointer? {
            guard var entry = entries[server], let session = entry.sessions.popLast() else { return nil }
            if SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION {
                SSL_SESSION_up_ref(session)
                entry.sessions.append(session)
            }
            entries[server] = entry.sessions.isEmpty ? nil : entry
            if !entry.sessions.isEmpty {
                uses &+= 1
                entry.lastUse = uses
                entries[server] = entry
            }
            return session
        }

        mutating func removeAll() { for server in Array(entries.keys) { remove(server) } }

        private mutating func remove(_ server: String) {
            for session in entries.removeValue(forKey: server)?.sessions ?? [] { SSL_SESSION_free(session) }
        }

        deinit { for entry in entries.values { for session in entry.sessions { SSL_SESSION_free(session) } } }
    }
#endif

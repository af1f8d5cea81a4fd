// Where the database is and who asks: options first, then the usual PG… variables, then the exercise's own defaults.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a connection is made with. Whatever is nil is left to libpq: PG… variables, service file, password file.
public struct ConnectionSettings: Sendable {
    /// Host name, address, or directory of a Unix socket.
    public var host: String?
    /// Port, 1 to 65535.
    public var port: Int?
    /// User (role).
    public var user: String?
    /// Password; never printed.
    public var password: String?
    /// Database name, or a whole address (`postgresql://user@host:port/name`, `host=… dbname=…`).
    public var database: String?
    /// What the server lists the connection as (`pg_stat_activity`).
    public var applicationName: String
    /// The longest that making a connection may take.
    public var connectTimeout: Duration
    /// The longest that one statement may take, on the server and, with five seconds more, here.
    public var statementTimeout: Duration

    /// Settings with nothing said; 10 seconds to connect and 30 for a statement.
    public init(
        host: String? = nil, port: Int? = nil, user: String? = nil, password: String? = nil, database: String? = nil,
        applicationName: String = "kafkawire", connectTimeout: Duration = .seconds(10),
        statementTimeout: Duration = .seconds(30)
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
    }

    /// The exercise's database: what holds when neither an option nor a PG… variable nor a service says otherwise.
    public enum Default {
        /// The exercise's host.
        public static let host = "127.0.0.1"
        /// The exercise's port on the host: the container's 5432 is mapped to it.
        public static let port = 5433
        /// The exercise's user.
        public static let user = "postgres"
        /// The exercise's password.
        public static let password = "postgrespw"
        /// The exercise's database.
        public static let database = "mydb"
    }
}

extension ConnectionSettings {
    /// Keywords and values for libpq, in its order of precedence: the last value of a keyword counts, and an address
    /// inside `dbname` overrides what stands before it.
    ///
    /// - A service (`PGSERVICE`) or a whole address in `database` speaks for itself: none of the exercise's defaults
    ///   is mixed into it.
    /// - The exercise's password is not among them: see `fallbackPassword`.
    func parameters(environment: (String) -> String?) -> [(keyword: String, value: String)] {
        func isOpen(_ option: Bool, _ variables: String...) -> Bool {
            !option && !variables.contains { !(environment($0) ?? "").isEmpty }
        }
        var list: [(keyword: String, value: String)] = []
        if takesDefaults(environment: environment) {
            if isOpen(host != nil, "PGHOST", "PGHOSTADDR") { list.append(("host", Default.host)) }
            if isOpen(port != nil, "PGPORT") { list.append(("port", String(Default.port))) }
            if isOpen(user != nil, "PGUSER") { list.append(("user", Default.user)) }
            if isOpen(database != nil, "PGDATABASE") { list.append(("dbname", Default.database)) }
        }
        if let database { list.append(("dbname", database)) }
        if let host { list.append(("host", host)) }
        if let port { list.append(("port", String(port))) }
        if let user { list.append(("user", user)) }
        if let password { list.append(("password", password)) }
        list += [("client_encoding", "UTF8"), ("fallback_application_name", applicationName)]
        // A peer that vanished without a word is noticed within about half a minute, also while nothing is sent.
        list += [("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "4")]
        list.append(("tcp_user_timeout", "30000"))
        return list
    }

    /// The exercise's password, for the case that the server asks and nobody gave one: no option, no variable, no
    /// entry in the password file. So a password file is still respected.
    func fallbackPassword(environment: (String) -> String?) -> String? {
        guard password == nil, (environment("PGPASSWORD") ?? "").isEmpty else { return nil }
        return takesDefaults(environment: environment) ? Default.password : nil
    }

    private func takesDefaults(environment: (String) -> String?) -> Bool {
        !hasWholeAddress && (environment("PGSERVICE") ?? "").isEmpty
    }

    /// libpq's own rule for what it expands: a URI's scheme, or an equals sign.
    private var hasWholeAddress: Bool {
        guard let database else { return false }
        return database.hasPrefix("postgresql://") || database.hasPrefix("postgres://") || database.contains("=")
    }

    /// The process's environment.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the process's environment says.
enum ProgramEnvironment {
    /// A variable; nil where it is not set.
    static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

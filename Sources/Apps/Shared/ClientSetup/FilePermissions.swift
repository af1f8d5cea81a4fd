import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Who may read a file.
enum FilePermissions {
    /// What is to be said of a file with secrets in it; nil where its owner alone can read it, or nothing is known of it.
    static func remark(onSecretsIn path: String) -> String? {
        var found = stat()
        guard stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
        return Secret.remark(path: path, mode: UInt32(found.st_mode))
    }
}

import Conformance
import JSONLines
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An input in `Fixtures/fuzz` that made a fuzzer stop once.
public struct FuzzFixture: Sendable {
    /// Where it stands.
    public let path: String
    /// The input.
    public let bytes: Bytes

    /// What was found with `target`, in the order of the names; nothing where there is no folder.
    public static func of(_ target: FuzzTarget) throws -> [FuzzFixture] {
        let folder = root + "Fixtures/fuzz/" + target.rawValue
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return try names.sorted().map { name in
            let path = folder + "/" + name
            return FuzzFixture(path: path, bytes: Bytes(try FileContent.bytes(path)))
        }
    }

    /// The project's folder.
    private static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/") + "/"
    }()
}

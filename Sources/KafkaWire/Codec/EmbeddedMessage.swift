/// A structure with versions of its own that travels inside a field of a message or in a record: the consumer
/// protocol's subscription and assignment, the payloads of control records.
public protocol EmbeddedMessage: WireStruct {
    /// The versions that this library reads and writes.
    static var versions: ClosedRange<Int16> { get }
    /// The versions with flexible encoding (KIP-482).
    static var flexible: Versions { get }
    /// The bytes as they travel: the version in two bytes, then the structure.
    func encodeVersioned(version: Int16) throws(WireError) -> [UInt8]
}

extension EmbeddedMessage {
    /// Writes the structure without its version.
    public func encode(version: Int16) throws(WireError) -> [UInt8] {
        try encode(into: ByteWriter(), version: version).array()
    }

    /// Reads the structure without its version; every byte of `bytes` must belong to it.
    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        let (value, size) = try decodePrefix(bytes, version: version)
        if size < bytes.count { throw located(WireError(.trailing(bytes.count - size), at: size), version) }
        return value
    }

    /// The version in two bytes, then the structure. Throws a ``WireError`` that names the field when a value does not
    /// fit the version.
    public func encodeVersioned(version: Int16) throws(WireError) -> [UInt8] { try prefixed(version: version) }

    /// The version in two bytes, then the structure as it stands.
    func prefixed(version: Int16) throws(WireError) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(version)
        return try encode(into: writer, version: version).array()
    }

    /// Reads the two-byte version and the structure behind it. A newer version than this library knows is read with
    /// the newest layout that it does know, and what follows is passed over: layouts only ever grow at their end
    /// (`ConsumerProtocol` in the Java client), and members of one group may be of different age.
    public static func decodeVersioned(_ bytes: Bytes) throws(WireError) -> Self {
        let (version, layout) = try versionPrefix(bytes)
        do {
            return try decodePrefix(bytes[2..<bytes.count], version: layout).value
        } catch {
            var error = located(error, version)
            if error.offset >= 0 { error.offset += 2 }
            throw error
        }
    }

    /// The version in front of the structure, and the known layout that it is read with.
    package static func versionPrefix(_ bytes: Bytes) throws(WireError) -> (version: Int16, layout: Int16) {
        var reader = ByteReader(bytes)
        let version: Int16
        do { version = try reader.integer() } catch {
            throw WireError(error.reason, at: error.offset, field: "version", message: wireName)
        }
        guard version >= versions.lowerBound else { throw unsupported(version) }
        return (version, min(version, versions.upperBound))
    }

    private func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        guard Self.versions.contains(version) else { throw Self.unsupported(version) }
        var encoder = MessageEncoder(version: version, flexible: Self.flexible.contains(version), writer: writer)
        var structure = self
        do { try encoder.visit(&structure) } catch { throw Self.located(error, version) }
        return encoder.finish()
    }

    private static func decodePrefix(_ bytes: Bytes, version: Int16) throws(WireError) -> (value: Self, size: Int) {
        guard versions.contains(version) else { throw unsupported(version) }
        var decoder = MessageDecoder(version: version, flexible: flexible.contains(version), bytes)
        var structure = Self()
        do { try decoder.visit(&structure) } catch { throw located(error, version) }
        return (structure, decoder.reader.offset)
    }

    private static func unsupported(_ version: Int16) -> WireError {
        WireError(.unsupportedVersion(supported: versions), message: wireName, version: version)
    }

    private static func located(_ error: WireError, _ version: Int16) -> WireError {
        var error = error
        error.message = wireName
        error.version = version
        return error
    }
}

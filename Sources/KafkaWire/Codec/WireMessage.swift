/// A request or a response.
public protocol WireMessage: WireStruct {
    /// The API that it belongs to.
    static var api: APIKey { get }
    /// The versions that this library reads and writes.
    static var versions: ClosedRange<Int16> { get }
    /// The versions with flexible encoding (KIP-482).
    static var flexible: Versions { get }

    // Non-generic witnesses: the messages that move data, or that every client needs, spell two of these out (`decode`
    // and `encode(into:version:)`), so that the walk over their fields is specialised where they are compiled; calling
    // the generic `fields` from another module was measured two to three times slower. The others take the defaults
    // below: specialising all of them would double the build time of the library.

    /// Writes the body. Throws a ``WireError`` that names the field when a value does not fit the version.
    func encode(version: Int16) throws(WireError) -> [UInt8]
    /// Reads a body; every byte of `bytes` must belong to it.
    static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self
    /// Appends the body to what `writer` holds.
    func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter
    /// How many bytes of record batches it carries: about its size, where there are any.
    var recordBytes: Int { get }
    /// How many elements of arrays, all together, a message may have that is read.
    static var elementLimit: Int { get }
}

/// A message that a client sends.
public protocol WireRequest: WireMessage {
    /// What the broker answers.
    associatedtype Response: WireMessage
}

extension WireRequest {
    /// Two bytes of a request can become a hundred when it is decoded, and each element is something to be done. A
    /// broker's requests name thousands of things at most.
    public static var elementLimit: Int { 200_000 }
}

extension WireMessage {
    /// 0, as of a message without record batches.
    public var recordBytes: Int { 0 }
    /// No limit: an array cannot have more elements than its bytes allow.
    public static var elementLimit: Int { .max }

    /// Writes the body. Throws a ``WireError`` that names the field when a value does not fit the version.
    public func encode(version: Int16) throws(WireError) -> [UInt8] {
        try encode(into: ByteWriter(), version: version).array()
    }

    // The two defaults are compiled once for all messages, and specialised for none.

    /// Appends the body to what `writer` holds; throws as ``encode(version:)`` does.
    @_semantics("optimize.sil.specialize.generic.never")
    @inline(never)
    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    /// Reads a body. Throws a ``WireError`` that names field and byte where it is damaged or bytes are left over.
    @_semantics("optimize.sil.specialize.generic.never")
    @inline(never)
    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    @inline(__always)
    func encodeFields(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        guard Self.versions.contains(version) else { throw Self.unsupported(version) }
        var encoder = MessageEncoder(version: version, flexible: Self.flexible.contains(version), writer: writer)
        var message = self
        do { try encoder.visit(&message) } catch { throw Self.located(error, version) }
        return encoder.finish()
    }

    @inline(__always)
    static func decodeFields(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        guard versions.contains(version) else { throw unsupported(version) }
        var decoder = MessageDecoder(version: version, flexible: flexible.contains(version), bytes)
        decoder.elementsLeft = elementLimit
        var message = Self()
        do {
            try decoder.visit(&message)
            try decoder.requireEnd()
        } catch { throw located(error, version) }
        return message
    }

    static func unsupported(_ version: Int16) -> WireError {
        WireError(.unsupportedVersion(supported: versions), message: wireName, version: version)
    }

    static func located(_ error: WireError, _ version: Int16) -> WireError {
        var error = error
        error.message = wireName
        error.version = version
        return error
    }
}

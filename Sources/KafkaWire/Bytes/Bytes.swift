/// A run of immutable bytes: a slice of a shared, reference-counted array.
///
/// Slicing copies nothing, so that a key, a value or a record batch can stay where it was received. Holding a slice
/// keeps the whole array alive; ``copy()`` gives an independent array where that is too much.
public struct Bytes: Sendable {
    /// The array that the slice looks into.
    @usableFromInline package let storage: [UInt8]
    /// Where the slice starts in `storage`.
    @usableFromInline package let start: Int
    /// The number of bytes.
    public let count: Int

    /// All of `array`, without a copy.
    @inlinable
    public init(_ array: [UInt8]) {
        storage = array
        start = 0
        count = array.count
    }

    /// No bytes.
    @inlinable
    public init() { self.init([]) }

    /// The UTF-8 bytes of `text`.
    public init(utf8 text: some StringProtocol) { self.init(Array(text.utf8)) }

    @inlinable
    package init(storage: [UInt8], start: Int, count: Int) {
        precondition(start >= 0 && count >= 0 && start <= storage.count - count, "a slice lies inside its array")
        self.storage = storage
        self.start = start
        self.count = count
    }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// Calls `body` with the bytes in place; the pointer is valid only during the call.
    @inlinable
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        let range = start..<start + count
        let outcome: Result<R, E> = storage.withUnsafeBytes { buffer in
            do throws(E) {
                return .success(try body(UnsafeRawBufferPointer(rebasing: buffer[range])))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// The byte at `index`, which counts from 0 and must be below ``count``.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "an index lies inside its slice")
        return storage[start + index]
    }

    /// The part of the slice in `range`, which must lie inside `0..<count`; it shares the array.
    @inlinable
    public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range lies inside its slice")
        return Bytes(storage: storage, start: start + range.lowerBound, count: range.count)
    }

    /// The same bytes as a slice of the array; no copy.
    @inlinable
    package var slice: ArraySlice<UInt8> { storage[start..<start + count] }

    /// An array of its own with the same bytes.
    @inlinable
    public func copy() -> [UInt8] { withUnsafeBytes { Array($0) } }

    /// The bytes as text; sequences that are not UTF-8 become U+FFFD.
    public var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

extension Bytes: Hashable {
    /// Whether both hold the same bytes, wherever those are stored.
    public static func == (a: Bytes, b: Bytes) -> Bool {
        a.count == b.count && a.withUnsafeBytes { x in b.withUnsafeBytes { y in Bytes.areEqual(x, y) } }
    }

    /// Eight bytes at a time: `elementsEqual` goes byte by byte.
    private static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while a.count - at >= 8 {
            guard
                a.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    == b.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            else { return false }
            at += 8
        }
        while at < a.count {
            guard a[at] == b[at] else { return false }
            at += 1
        }
        return true
    }

    /// Hashes the bytes, wherever those are stored.
    public func hash(into hasher: inout Hasher) { withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension Bytes: ExpressibleByArrayLiteral, CustomStringConvertible {
    /// These bytes.
    public init(arrayLiteral elements: UInt8...) { self.init(elements) }

    /// The bytes in lower-case hexadecimal.
    public var description: String { withUnsafeBytes { Hex.encode($0) } }
}

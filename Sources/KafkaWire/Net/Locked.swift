import Synchronization

/// A value behind a lock, for values that hold classes or raw memory of their own and are filled from the caller's
/// pointers; `Mutex` refuses those, since it cannot see that a pointer's bytes are copied and the pointer is not kept.
///
/// This is the one `@unchecked Sendable` of the library. Its proof: `value` is touched only inside ``withLock(_:)``,
/// where one thread is at a time; the values so held (the producer's accumulator and the content of its batches) hand
/// out nothing that refers to their insides, only copies and `Sendable` values.
final class Locked<Value: ~Copyable>: @unchecked Sendable {
    private let mutex = Mutex<Void>(())
    /// In memory of its own: a stored `var` of a class is checked for exclusive access at run time, each time, which
    /// here the lock has already seen to.
    private let value: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Calls `body` with the value while no other thread has it.
    @inline(__always)
    func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
        mutex._unsafeLock()
        defer { mutex._unsafeUnlock() }
        return try body(&value.pointee)
    }
}

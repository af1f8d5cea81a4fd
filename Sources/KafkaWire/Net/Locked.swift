#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A value behind a lock.
///
/// `Synchronization.Mutex` would serve most uses, but refuses values that hold classes or raw memory of their own and
/// are filled from a caller's pointers (it cannot see that a pointer's bytes are copied and the pointer is not kept), and
/// on Linux its kernel lock is invisible to the thread sanitizer, which then reports races that are none. A POSIX mutex
/// has neither trouble, at the same price.
///
/// This is the one `@unchecked Sendable` of the library. Its proof: `value` is touched only inside ``withLock(_:)``,
/// where one thread is at a time; the values so held hand out nothing that refers to their insides, only copies and
/// `Sendable` values.
package final class Locked<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// In memory of its own: a stored `var` of a class is checked for exclusive access at run time, each time, which
    /// here the lock has already seen to.
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming Value) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Calls `body` with the value while no other thread has it. Not to be nested.
    @inline(__always)
    package func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}

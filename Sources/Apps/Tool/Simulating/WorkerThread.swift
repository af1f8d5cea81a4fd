#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread for work that holds it for seconds: Swift's pool has one for each processor, and who waits for Ctrl-C needs one too.
enum WorkerThread {
    /// Does the work on a thread of its own; on this one where the system has none.
    static func start(_ work: @escaping @Sendable () -> Void) {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let context = Unmanaged.passRetained(Work(work)).toOpaque()
        guard pthread_create(&thread, nil, performWork, context) == 0 else {
            _ = performWork(context)
            return
        }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }

    fileprivate final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

#if canImport(Darwin)
    private func performWork(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<WorkerThread.Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
#else
    private func performWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        Unmanaged<WorkerThread.Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
#endif

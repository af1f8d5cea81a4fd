#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A detached thread that runs one closure.
enum Thread {
    /// Starts the thread. Throws where the system has none left.
    static func start(_ body: @escaping @Sendable () -> Void) throws(NetError) {
        let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        let code = create(context)
        if code != 0 {
            Unmanaged<ThreadBody>.fromOpaque(context).release()
            throw NetError(.system(code), doing: "start a thread")
        }
    }

    private static func create(_ context: UnsafeMutableRawPointer) -> Int32 {
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, runThreadBody, context)
            if let thread { pthread_detach(thread) }
        #else
            var thread: pthread_t = 0
            let code = pthread_create(&thread, nil, runThreadBody, context)
            if code == 0 { pthread_detach(thread) }
        #endif
        return code
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) {
        self.run = {
            // What sendfile(2) writes to a closed peer is an error as well; it has no flag for that.
            var closed = sigset_t()
            sigemptyset(&closed)
            sigaddset(&closed, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &closed, nil)
            run()
        }
    }
}

// A closure literal in place of these functions crashes the compiler (6.3.1, pass SendNonSendable).
#if canImport(Darwin)
    private func runThreadBody(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
#else
    private func runThreadBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
        return nil
    }
#endif

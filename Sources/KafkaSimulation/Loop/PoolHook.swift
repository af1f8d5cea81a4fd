import CConcurrency

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Has the jobs that Swift would run on threads of its own run within the simulation whose turn they come from: those of
/// `Task { }` without a preference, of actors without an executor. The runtime has a place for that, which stands in no
/// interface (`swift_task_enqueueGlobal_hook`); where it is missing such jobs escape, which is found when they come back.
enum PoolHook {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void
    /// What the thread that it is asked on simulates.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// Set once, for the whole process: threads without a simulation are not concerned.
    private static let isInstalled: Bool = {
        guard let place = kafkawire_enqueue_global_hook() else { return false }
        UnsafeMutableRawPointer(place).assumingMemoryBound(to: Optional<Hook>.self).pointee = { job, original in
            guard let core = current else { return original(job) }
            core.adopt(job)
        }
        return true
    }()

    private static var current: SimulationCore? {
        pthread_getspecific(key).map { Unmanaged<SimulationCore>.fromOpaque($0).takeUnretainedValue() }
    }

    /// This thread simulates from now on; gives what it has simulated before.
    static func enter(_ core: SimulationCore) -> UnsafeMutableRawPointer? {
        _ = isInstalled
        let outer = pthread_getspecific(key)
        pthread_setspecific(key, Unmanaged.passUnretained(core).toOpaque())
        return outer
    }

    static func leave(_ outer: UnsafeMutableRawPointer?) { pthread_setspecific(key, outer) }
}

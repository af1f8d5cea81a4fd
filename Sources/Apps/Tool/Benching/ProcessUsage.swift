import AppSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What this process has used up: the difference of two is what the work between them cost.
package struct ProcessUsage: Sendable {
    /// CPU time of all threads, in user mode and in the kernel.
    package var cpu: Duration
    /// The most memory that was resident at once, in bytes.
    package var peakResident: Int

    /// What was used up so far.
    package static func now() -> ProcessUsage {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        // Linux counts in KiB, Darwin in bytes.
        #if canImport(Darwin)
            let peak = Int(usage.ru_maxrss)
        #else
            let peak = Int(usage.ru_maxrss) << 10
        #endif
        return ProcessUsage(
            cpu: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec)), peakResident: peak)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a process has used up so far.
enum Usage {
    /// Seconds on a clock that never goes back.
    static var wall: Double { seconds(CLOCK_MONOTONIC) }

    /// CPU seconds of all threads, in user mode and in the kernel, as `getrusage` gives them.
    static var cpu: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    /// The most memory that was resident at once, in KB.
    static var residentKilobytes: Int {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage.ru_maxrss
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The line that all the programs of the comparison print.
    static func report(records: Int, bytes: Int, wall: Double) {
        print(
            #"{"records":\#(records),"bytes":\#(bytes),"wall":\#(wall),"cpu":\#(cpu),"rss_kb":\#(residentKilobytes)}"#)
    }
}

#if canImport(Glibc)
    /// Counts allocations exactly: this program has a `malloc` (and relatives) of its own, which the dynamic linker
    /// then takes everywhere, in Swift's runtime as in the C libraries. Each counts its call and hands it on to
    /// glibc's. They touch nothing but a counter, so that they work before Swift's runtime does. Swift keeps the names
    /// for itself: the functions are called `counted_…`, and the linker (`--defsym`, in Package.swift) renames them.
    enum Allocations {
        /// Calls of one thread and of all others; only what runs while no other thread works is counted exactly.
        fileprivate nonisolated(unsafe) static var count = 0

        /// How many allocations one call of `body` makes; nil where they are not all counted. The first call, which may
        /// fill caches, is left out.
        static func of(_ body: () throws -> Void) rethrows -> Double? {
            guard isCounting else { return nil }
            try body()
            let calls = 16
            let before = current()
            for _ in 0..<calls { try body() }
            return Double(current() - before) / Double(calls)
        }

        /// The optimiser does not know that allocating counts, and would read the counter once.
        @inline(never)
        @_optimize(none)
        private static func current() -> Int { count }

        /// Whether an array's memory goes through the counter: elsewhere the linker may see it otherwise.
        private static let isCounting: Bool = {
            // The first array of a type may make the runtime allocate what it keeps of the type.
            for _ in 0..<2 {
                let before = current()
                consume([UInt8](repeating: 1, count: 4096))
                if current() == before + 1 { return true }
            }
            return false
        }()
    }

    @_silgen_name("__libc_malloc") private func libcMalloc(_ size: Int) -> UnsafeMutableRawPointer?
    @_silgen_name("__libc_calloc") private func libcCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
    @_silgen_name("__libc_realloc")
    private func libcRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer?
    @_silgen_name("__libc_memalign") private func libcMemalign(_ alignment: Int, _ size: Int)
        -> UnsafeMutableRawPointer?

    /// The linker puts this in the place of `malloc`: it counts the call and hands it on.
    @_cdecl("counted_malloc") public func countedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
        Allocations.count &+= 1
        return libcMalloc(size)
    }

    /// In the place of `calloc`.
    @_cdecl("counted_calloc") public func countedCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
        Allocations.count &+= 1
        return libcCalloc(count, size)
    }

    /// In the place of `realloc`: a block that moves and one that grows in its place count alike.
    @_cdecl("counted_realloc")
    public func countedRealloc(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        Allocations.count &+= 1
        return libcRealloc(memory, size)
    }

    /// In the place of `aligned_alloc`, which glibc's `memalign` does too.
    @_cdecl("counted_aligned_alloc")
    public func countedAlignedAlloc(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
        Allocations.count &+= 1
        return libcMemalign(alignment, size)
    }

    /// In the place of `posix_memalign`; 12 is ENOMEM.
    @_cdecl("counted_posix_memalign")
    public func countedPosixMemalign(
        _ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
    ) -> Int32 {
        Allocations.count &+= 1
        guard let found = libcMemalign(alignment, size) else { return 12 }
        memory.pointee = found
        return 0
    }
#else
    /// Allocations are counted with glibc alone.
    enum Allocations {
        static func of(_ body: () throws -> Void) rethrows -> Double? { nil }
    }
#endif

#if Compression
    /// Contexts of a C library that wait for the next batch: making one takes longer than packing a small batch.
    final class ContextPool: Sendable {
        /// Kept at most; what more tasks use at the same time is made and freed.
        private static let most = 4
        /// A context that has grown beyond this, in bytes, is freed: high levels take hundreds of megabytes.
        private static let largest = 16 << 20

        /// Addresses, which, unlike pointers, can be sent.
        private let idle = Locked<[UInt]>([])
        private let make: @Sendable () -> OpaquePointer?
        private let size: @Sendable (OpaquePointer) -> Int
        private let free: @Sendable (OpaquePointer) -> Void

        init(
            make: @escaping @Sendable () -> OpaquePointer?,
            size: @escaping @Sendable (OpaquePointer) -> Int = { _ in 0 },
            free: @escaping @Sendable (OpaquePointer) -> Void
        ) {
            self.make = make
            self.size = size
            self.free = free
        }

        /// Calls `body` with a context that nobody else uses meanwhile, and which is not used again where `body` says so;
        /// nil where there is no memory for one.
        func withContext<R>(_ body: (_ context: OpaquePointer, _ isReusable: inout Bool) -> R) -> R? {
            let waiting = idle.withLock { $0.popLast() }
            guard let context = waiting.flatMap({ OpaquePointer(bitPattern: $0) }) ?? make() else { return nil }
            var isReusable = true
            let result = body(context, &isReusable)
            giveBack(context, isReusable: isReusable && size(context) <= Self.largest)
            return result
        }

        private func giveBack(_ context: OpaquePointer, isReusable: Bool) {
            let isKept = idle.withLock { idle in
                guard isReusable, idle.count < Self.most else { return false }
                idle.append(UInt(bitPattern: context))
                return true
            }
            if !isKept { free(context) }
        }
    }
#endif

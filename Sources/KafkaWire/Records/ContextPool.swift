#if Compression
    import Synchronization

    /// Contexts of a C library that wait for the next batch: making one takes longer than packing a small batch.
    final class ContextPool: Sendable {
        /// A context that has grown beyond this, in bytes, is freed: high levels take hundreds of megabytes.
        private static let largest = 16 << 20

        /// Room for a context that waits: its address, which, unlike a pointer, can be sent; 0 is none.
        private final class Place: Sendable { let address = Atomic<UInt>(0) }
        /// So many are kept at most; what more tasks use at the same time is made and freed.
        private let places = (0..<4).map { _ in Place() }
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
            guard let context = takeIdle() ?? make() else { return nil }
            var isReusable = true
            let result = body(context, &isReusable)
            giveBack(context, isReusable: isReusable && size(context) <= Self.largest)
            return result
        }

        private func giveBack(_ context: OpaquePointer, isReusable: Bool) {
            let address = UInt(bitPattern: context)
            let isKept =
                isReusable
                && places.contains {
                    $0.address.compareExchange(expected: 0, desired: address, ordering: .releasing).exchanged
                }
            if !isKept { free(context) }
        }

        private func takeIdle() -> OpaquePointer? {
            for place in places {
                if let context = OpaquePointer(bitPattern: place.address.exchange(0, ordering: .acquiring)) {
                    return context
                }
            }
            return nil
        }
    }
#endif

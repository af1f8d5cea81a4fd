#if Security
    extension TLSSocket {
        /// Completes the handshake within the time that it is given; to be called on the loop's thread. What fails, or
        /// is cancelled, leaves the socket open: who has it closes it.
        package nonisolated(nonsending) func handshake(
            on loop: any EventLoop, until deadline: Instant
        ) async throws(TLSError) {
            while true {
                let interest: Readiness
                switch try handshake() {
                case .done: return
                case .wantsRead: interest = .readable
                case .wantsWrite: interest = .writable
                }
                if let reason = await wait(for: interest, on: loop, until: deadline) {
                    throw TLSError(reason, side: side, peer: peerName)
                }
            }
        }

        /// The same, for a client's socket.
        package nonisolated(nonsending) func clientHandshake(
            on loop: any EventLoop, until deadline: Instant
        ) async throws(TLSError) {
            try await handshake(on: loop, until: deadline)
        }

        private nonisolated(nonsending) func wait(
            for interest: Readiness, on loop: any EventLoop, until deadline: Instant
        ) async -> TLSError.Reason? {
            let arrival = Arrival<TLSError.Reason?>()
            loop.watch(self, for: interest) { _ in arrival.give(nil) }
            let timer = loop.schedule(at: deadline) { arrival.give(.timedOut) }
            let reason = await withTaskCancellationHandler {
                await arrival.value()
            } onCancel: {
                arrival.give(.connection("it was given up"))
            }
            loop.unwatch(self)
            loop.cancel(timer)
            return reason
        }
    }
#endif

// One test, since the wish to end is the whole process's and is never withdrawn.

import ShutdownSignal
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite(.turn) struct ShutdownSignalTests {
    @Test func aSignalWakesEveryWaiter() async {
        let shutdown = ShutdownSignal.install()
        #expect(!shutdown.isRequested)
        #expect(!shutdown.wait(for: .milliseconds(10)))

        let cancelled = Task { await shutdown.wait() }
        cancelled.cancel()
        await cancelled.value
        #expect(!shutdown.isRequested)

        let waiting = (0..<3).map { _ in Task { await shutdown.wait() } }
        kill(getpid(), SIGTERM)
        for task in waiting { await task.value }
        #expect(shutdown.isRequested)
        #expect(shutdown.wait(for: .seconds(60)))
        await shutdown.wait()

        var entry = pollfd(fd: shutdown.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 0) == 1)
    }
}

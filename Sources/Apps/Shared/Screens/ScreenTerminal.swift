// The terminal of a live view: raw mode and the alternate screen, keys and changes of size; and back, on every way out.

import AppSupport
import ShutdownSignal
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a terminal tells.
package enum TerminalEvent: Sendable {
    case bytes([UInt8])
    /// It may have another size.
    case resized
    /// Some time has passed.
    case tick
    /// Nobody is there any more, or the program shall end.
    case ended
}

/// The terminal that this process runs in. One at a time.
///
/// It is put back as it was by ``leave()``, and also when the process ends without it: at `exit`, and by signals that end
/// the process (SIGINT and SIGTERM are the caller's, who ends in order).
package struct ScreenTerminal {
    /// Where keys come from: standard input, or the terminal itself where that is something else.
    private let input: Int32

    /// Nil where there is no terminal to read keys from.
    package init?() {
        input = isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : open("/dev/tty", O_RDONLY | O_CLOEXEC)
        var mode = termios()
        guard input >= 0, tcgetattr(input, &mode) == 0 else { return nil }
        savedMode.pointee = mode
        modeDescriptor.store(input, ordering: .releasing)
        _ = wakeDescriptors
        _ = enterSequence
        atexit(restoreTerminal)
        ShutdownSignal.beforeForcedEnd { restoreTerminal() }
        signal(SIGWINCH, noteResize)
        for number in [SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE] {
            signal(number, restoreAndEnd)
        }
    }

    /// Keys come one by one and unseen, and the screen is an empty one beside the shell's.
    package func enter() {
        var mode = savedMode.pointee
        mode.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
        mode.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
        mode.c_cflag |= tcflag_t(CS8)
        isEntered.store(true, ordering: .sequentiallyConsistent)
        tcsetattr(input, TCSAFLUSH, &mode)
        _ = write(STDOUT_FILENO, enterSequence, enterSequence.count)
    }

    /// The terminal as it was. Doing it twice does nothing.
    package func leave() { restoreTerminal() }

    /// Stops the process, as Ctrl-Z does elsewhere, until the shell has it go on.
    package func suspend() {
        leave()
        // To this thread: it goes no further before the process stands still, as it might with `kill`.
        raise(SIGSTOP)
        enter()
    }

    /// Columns and rows; 80 by 24 where the terminal does not tell.
    package var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// What happens, until it has ended or `shutdown` becomes readable.
    package func events(shutdown: Int32) -> AsyncStream<TerminalEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: TerminalEvent.self, bufferingPolicy: .bufferingNewest(1024))
        let reader = TerminalReader(input: input, shutdown: shutdown, continuation: continuation)
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let context = Unmanaged.passRetained(reader).toOpaque()
        if pthread_create(&thread, nil, readTerminal, context) != 0 {
            Unmanaged<TerminalReader>.fromOpaque(context).release()
            continuation.yield(.ended)
            continuation.finish()
        }
        return stream
    }
}

/// Waits for keys on a thread of its own: `poll` would block one of the few that tasks share.
private final class TerminalReader: Sendable {
    /// How often a tick comes, in milliseconds.
    private static let beat: Int32 = 100

    let input: Int32
    let shutdown: Int32
    let continuation: AsyncStream<TerminalEvent>.Continuation

    init(input: Int32, shutdown: Int32, continuation: AsyncStream<TerminalEvent>.Continuation) {
        self.input = input
        self.shutdown = shutdown
        self.continuation = continuation
    }

    func run() {
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            var entries = [input, wakeDescriptors.read, shutdown].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let ready = poll(&entries, 3, Self.beat)
            if ready < 0, errno != EINTR { break }
            if ready <= 0 {
                continuation.yield(.tick)
                continue
            }
            if entries[1].revents != 0 {
                _ = read(wakeDescriptors.read, &buffer, buffer.count)
                continuation.yield(.resized)
            }
            if entries[2].revents != 0 { break }
            if entries[0].revents != 0 {
                let count = read(input, &buffer, buffer.count)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { break }
                continuation.yield(.bytes(Array(buffer[..<count])))
            }
        }
        continuation.yield(.ended)
        continuation.finish()
    }
}

#if canImport(Darwin)
    private func readTerminal(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<TerminalReader>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
#else
    private func readTerminal(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        Unmanaged<TerminalReader>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
#endif

// MARK: - What handlers of signals touch: atomics, descriptors, and memory that is made before and never moved

private let isEntered = Atomic<Bool>(false)
private let modeDescriptor = Atomic<Int32>(-1)

/// The terminal's mode as it was. Unsafe, as a pointer is to the compiler: it is written once, before `isEntered`.
private nonisolated(unsafe) let savedMode: UnsafeMutablePointer<termios> = {
    let mode = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    mode.initialize(to: termios())
    return mode
}()

/// Alternate screen, no cursor; lines that are too long are cut, not wrapped.
private let enterSequence = Array("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J".utf8)

/// The opposite, in memory that a handler of signals may read.
private nonisolated(unsafe) let leaveSequence: UnsafeBufferPointer<UInt8> = {
    let bytes = Array("\u{1B}[?2026l\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l".utf8)
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = memory.initialize(from: bytes)
    return UnsafeBufferPointer(memory)
}()

/// A pipe that wakes the reader.
private let wakeDescriptors: (read: Int32, write: Int32) = {
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }
    // Touched once here, so that no handler is the first to make them.
    _ = savedMode
    _ = leaveSequence
    return (ends[0], ends[1])
}()

private func restoreTerminal() {
    guard isEntered.exchange(false, ordering: .sequentiallyConsistent) else { return }
    _ = write(STDOUT_FILENO, leaveSequence.baseAddress, leaveSequence.count)
    tcsetattr(modeDescriptor.load(ordering: .acquiring), TCSAFLUSH, savedMode)
}

private func noteResize(_: Int32) {
    let interruptedCallsError = errno
    var byte: UInt8 = 1
    _ = write(wakeDescriptors.write, &byte, 1)
    errno = interruptedCallsError
}

private func restoreAndEnd(_ number: Int32) {
    restoreTerminal()
    signal(number, SIG_DFL)
    raise(number)
}

// Standard output and standard error as the executables use them: buffered lines, colours and a progress line where
// a person looks on, plain bytes where a program does.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program's console. Safe to use from any thread; lines of different threads never mix.
///
/// It is the one way to the terminal, and text on it steers nothing: control characters, wherever they came from, are
/// shown (``SafeText``), on standard output and standard error, be they terminals or not. Only ``paint(_:_:for:)``, and
/// what is written as bytes, is taken as it is.
///
/// Output is buffered: on a terminal until the end of each `line`, elsewhere until 32 KiB have gathered or `flush()`.
/// A program that writes rarely calls `flush()` after each result, one that writes a lot after each batch of work.
public final class Console: Sendable {
    /// How a piece of text stands out on a terminal.
    public enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// Which of the two streams a text is meant for.
    public enum Stream: Sendable {
        case output
        case error
    }

    /// Whether standard output is a terminal.
    public let outputIsTerminal: Bool
    /// Whether standard error is a terminal.
    public let errorIsTerminal: Bool

    private let outputDescriptor: Int32
    private let errorDescriptor: Int32
    private let allowsColour: Bool
    private let whenClosed: @Sendable () -> Void
    private let state = Mutex(State())

    private struct State {
        var pending: [UInt8] = []
        var isClosed = false
        var progressIsShown = false
        var progressShownAt: ContinuousClock.Instant?
    }

    private static let bufferSize = 32 * 1024
    private static let eraseLine = "\r\u{1B}[K"
    /// Stands for the beginning of a sequence in painted text. Nobody outside can know it: it is another one in every
    /// process. Its characters take no columns, and are never shown.
    private static let mark = String(
        String.UnicodeScalarView((0..<12).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0xE0020...0xE007E)) }))

    /// A console over the two given descriptors, by default the process's own.
    ///
    /// - Parameter whenClosed: called once when whoever read our output is gone (`… | head`). By default the process
    ///   ends there and then with status 0; a program with something to finish requests its shutdown instead.
    /// - Parameter allowsColour: whether a terminal gets colours, by default as the process's environment says.
    public init(
        output: Int32 = 1, error: Int32 = 2, allowsColour: Bool = Console.environmentAllowsColour,
        whenClosed: @escaping @Sendable () -> Void = { _exit(0) }
    ) {
        outputDescriptor = output
        errorDescriptor = error
        outputIsTerminal = isatty(output) == 1
        errorIsTerminal = isatty(error) == 1
        self.allowsColour = allowsColour
        self.whenClosed = whenClosed
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { flush() }

    /// Whether the environment wants colours. `NO_COLOR`, present and not empty, means none, whatever its value
    /// (https://no-color.org), and so does a dumb terminal.
    public static var environmentAllowsColour: Bool { !isSet("NO_COLOR") && variable("TERM") != "dumb" }

    /// Writes one line of text to standard output.
    public func line(_ text: String) {
        append(text, newline: true)
    }

    /// Writes text to standard output, without the end of a line.
    public func write(_ text: String) {
        append(text, newline: false)
    }

    /// Writes bytes to standard output as they are.
    public func write(bytes: some Sequence<UInt8>) {
        finish(state.withLock { state in append(bytes, to: &state, flushing: false) })
    }

    /// Writes bytes to standard output as they are. What is large goes to the system at once, without a copy.
    public func write(buffer: [UInt8]) {
        finish(
            state.withLock { state in
                guard !state.isClosed, buffer.count >= Console.bufferSize else {
                    return append(buffer, to: &state, flushing: false)
                }
                if flush(&state) { return true }
                state.isClosed = !Console.send(buffer[...], to: outputDescriptor)
                return state.isClosed
            })
    }

    /// Whether whoever read our output is gone.
    public var outputIsClosed: Bool { state.withLock { $0.isClosed } }

    /// Hands everything that is buffered to the system.
    public func flush() {
        finish(state.withLock { state in flush(&state) })
    }

    /// Writes one line to standard error, after everything that standard output had before it.
    public func note(_ text: String) {
        finish(
            state.withLock { state in
                let closed = flush(&state)
                let erase = hideProgress(&state)
                _ = Console.send(Array((erase + Console.harmless(text) + "\n").utf8)[...], to: errorDescriptor)
                return closed
            })
    }

    /// Shows a line on standard error that the next one replaces: only on a terminal, and at most ten times a second.
    /// Plain text without colours: it is cut to 79 columns, for a line that wraps cannot be taken back.
    public func progress(_ text: String) {
        guard errorIsTerminal else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.progressShownAt, last.duration(to: now) < .milliseconds(100) { return }
            state.progressShownAt = now
            state.progressIsShown = true
            let shown = SafeText.line(text).prefix(79)
            _ = Console.send(Array((Console.eraseLine + shown).utf8)[...], to: errorDescriptor)
        }
    }

    /// Takes the progress line away.
    public func endProgress() {
        state.withLock { state in
            let erase = hideProgress(&state)
            if !erase.isEmpty { _ = Console.send(Array(erase.utf8)[...], to: errorDescriptor) }
        }
    }

    /// The text in a style, or unchanged where colours are not wanted: no terminal, `NO_COLOR` set, a dumb terminal.
    public func paint(_ text: String, _ style: Style, for stream: Stream = .output) -> String {
        let isTerminal = stream == .output ? outputIsTerminal : errorIsTerminal
        guard isTerminal, allowsColour else { return text }
        return "\(Console.mark)\(style.rawValue)m\(text)\(Console.mark)0m"
    }

    /// Text as it may be written: only what was painted steers.
    private static func harmless(_ text: String) -> String {
        let safe = SafeText.text(text)
        // Nearly always it is the same.
        guard safe.utf8.count != text.utf8.count else { return safe }
        let parts = text.unicodeScalars.split(separator: Array(mark.unicodeScalars), omittingEmptySubsequences: false)
        return parts.map { SafeText.text(String($0)) }.joined(separator: "\u{1B}[")
    }

    // MARK: - Buffer

    private func append(_ text: String, newline: Bool) {
        finish(
            state.withLock { state in
                var text = Console.harmless(text)
                return text.withUTF8 { utf8 in
                    let closed = append(utf8, to: &state, flushing: false)
                    return newline ? append([0x0A], to: &state, flushing: outputIsTerminal) || closed : closed
                }
            })
    }

    /// Appends, and flushes when full or asked to; true when the output turned out to be closed just now.
    private func append(_ bytes: some Sequence<UInt8>, to state: inout State, flushing: Bool) -> Bool {
        if state.isClosed { return false }
        state.pending.append(contentsOf: bytes)
        return flushing || state.pending.count >= Console.bufferSize ? flush(&state) : false
    }

    private func flush(_ state: inout State) -> Bool {
        if state.isClosed || state.pending.isEmpty { return false }
        if outputIsTerminal {
            let erase = hideProgress(&state)
            if !erase.isEmpty { _ = Console.send(Array(erase.utf8)[...], to: errorDescriptor) }
        }
        let isOpen = Console.send(state.pending[...], to: outputDescriptor)
        state.pending.removeAll(keepingCapacity: true)
        state.isClosed = !isOpen
        return !isOpen
    }

    private func hideProgress(_ state: inout State) -> String {
        defer { state.progressIsShown = false }
        state.progressShownAt = nil
        return state.progressIsShown ? Console.eraseLine : ""
    }

    /// Outside the lock: the callback may well write its last words here.
    private func finish(_ closedJustNow: Bool) {
        if closedJustNow { whenClosed() }
    }

    /// Writes all bytes; false when the other end is gone for good.
    private static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = systemWrite(descriptor, rest)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    // Somebody made our terminal or pipe non-blocking: wait until it takes more.
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&entry, 1, 1000)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func isSet(_ name: String) -> Bool {
        variable(name).map { !$0.isEmpty } ?? false
    }
}

/// The system's `write`, which inside the class its own `write` would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    let buffer = UnsafeRawBufferPointer(rebasing: bytes)
    return write(descriptor, buffer.baseAddress, buffer.count)
}

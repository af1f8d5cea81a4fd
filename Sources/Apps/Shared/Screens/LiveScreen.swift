import AppSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A live view's terminal: what it tells becomes keys, and lines become what changes of its frame.
package struct LiveScreen {
    /// Why there can be no live view.
    package struct Impossible: Error, CustomStringConvertible {
        /// A sentence that says what to do in its place.
        package let description: String
    }

    private let console: Console
    private let terminal: ScreenTerminal
    private var writer: FrameWriter
    private var decoder = KeyDecoder()
    /// Whether the keys that wait were there at the last tick already.
    private var hasWaited = false

    /// Throws where a frame cannot be shown, or no key can be read.
    package init(_ console: Console) throws(Impossible) {
        let name = getenv("TERM").map { String(cString: $0) } ?? ""
        guard !name.isEmpty, name != "dumb" else {
            throw Impossible(
                description:
                    "this terminal cannot move its cursor (TERM is \"\(name)\"); use --once to print the view one time")
        }
        guard let terminal = ScreenTerminal() else {
            throw Impossible(
                description: "there is no terminal to read keys from; use --once to print the view one time")
        }
        self.console = console
        self.terminal = terminal
        writer = FrameWriter(hasColours: Console.environmentAllowsColour)
    }

    /// Throws where standard output is no terminal at all.
    package static func check(_ console: Console) throws(Impossible) {
        guard console.outputIsTerminal else {
            throw Impossible(
                description: "standard output is no terminal; use --once to print the view one time")
        }
    }

    /// Columns and rows.
    package var size: (columns: Int, rows: Int) { terminal.size }

    /// The view has the terminal.
    package func enter() { terminal.enter() }

    /// The terminal is as it was.
    package func leave() { terminal.leave() }

    /// Stops the process until the shell has it go on, and draws anew.
    package mutating func suspend() {
        terminal.suspend()
        writer.forget()
    }

    /// What the terminal tells, until it has ended or `shutdown` becomes readable.
    package func events(shutdown: Int32) -> AsyncStream<TerminalEvent> { terminal.events(shutdown: shutdown) }

    /// The keys of what the terminal told. An escape that nothing has followed for a whole beat is the key.
    package mutating func keys(of event: TerminalEvent) -> [Key] {
        switch event {
        case .bytes(let bytes):
            hasWaited = false
            return decoder.feed(bytes)
        case .tick:
            defer { hasWaited = decoder.isWaiting }
            return hasWaited ? decoder.flush() : []
        case .resized:
            writer.forget()
            return []
        case .ended: return []
        }
    }

    /// The next frame is written whole.
    package mutating func redraw() { writer.forget() }

    /// Shows these lines: as many as there are rows, none wider than the terminal.
    package mutating func show(_ lines: [ScreenLine]) {
        let output = writer.output(lines)
        guard !output.isEmpty else { return }
        // The frame's own sequences; what it shows cannot steer (`ScreenLine`).
        console.write(bytes: output.utf8)
        console.flush()
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is at the other end of this process's streams.
package enum Terminal {
    /// How many columns a line of output may have; nil where the output is not a terminal, and lines may have any
    /// length.
    package static var outputWidth: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Whether standard input is a person at a keyboard.
    package static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}

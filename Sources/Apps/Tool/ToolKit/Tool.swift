import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import Screens
import ShutdownSignal

/// What a running command works with: where it writes, and how it hears that it should end.
package struct Tool: Sendable {
    /// The command as a person types it, such as `kw topics`: errors begin with it.
    package let name: String
    package let console: Console
    /// Ctrl-C, SIGTERM, and the end of whoever reads our output.
    package let shutdown: ShutdownSignal

    package init(name: String, console: Console, shutdown: ShutdownSignal) {
        self.name = name
        self.console = console
        self.shutdown = shutdown
    }

    /// The loop of all that the command does.
    package var loop: any EventLoop { get throws(NetError) { try SocketLoop.common() } }

    /// Columns of the terminal; nil where standard output is none.
    package var width: Int? { Terminal.outputWidth }

    /// Text from outside as it may be shown: as it is where it is read by programs, harmless where it is shown to people.
    package func shown(_ text: String) -> String { console.outputIsTerminal ? SafeText.line(text) : text }

    /// Writes one line to standard error, behind the command's name: one, whatever the sentence quotes.
    package func complain(_ sentence: String) { console.note("\(name): \(SafeText.line(sentence))") }
}

/// A command whose work can fail in a sentence. ``perform(_:)`` throws, and this prints the sentence to standard error,
/// behind the command's name, and ends with status 1.
package protocol ToolCommand: AsyncParsableCommand {
    /// Whether Ctrl-C asks the command to come to its end (``Tool/shutdown``), instead of ending the process there.
    static var endsItself: Bool { get }

    /// What is left undone when it has not come to its end in time.
    static var leavesUndone: String { get }

    /// The command as a person types it, such as `kw topics`: errors begin with it. A command within a command names that.
    static var toolName: String { get }

    /// Does the work. ``ToolFailure``, `KafkaError`, `FileError` and everything else with a description become sentences;
    /// `ExitCode` and `ValidationError` pass through.
    func perform(_ tool: Tool) async throws
}

extension ToolCommand {
    package static var endsItself: Bool { false }
    package static var leavesUndone: String { "what it was waiting for" }

    package static var toolName: String { "kw \(Self._commandName)" }

    package func run() async throws {
        let name = Self.toolName
        let tool: Tool
        if Self.endsItself {
            let shutdown = ShutdownSignal.install(
                lastWords: "\(name): ended before it was done; left undone: \(Self.leavesUndone)")
            tool = Tool(name: name, console: Console(whenClosed: shutdown.request), shutdown: shutdown)
        } else {
            tool = Tool(name: name, console: Console(), shutdown: .never)
        }
        defer {
            tool.console.endProgress()
            tool.console.flush()
        }
        do { try await perform(tool) } catch let error as ExitCode { throw error } catch let error as ValidationError {
            // The parser's own words, but of this command: all that it would know by now is the program.
            tool.console.endProgress()
            tool.console.note("Error: \(error)\n  See '\(name) --help' for more information.")
            throw ExitCode.validationFailure
        } catch let error as CleanExit { throw error } catch let error as ToolFailure {
            tool.console.endProgress()
            error.sentences.forEach(tool.complain)
            throw ExitCode(1)
        } catch {
            tool.console.endProgress()
            tool.complain("\(error)")
            throw ExitCode(1)
        }
    }
}

/// Why a command could not do what it was asked, a sentence for each item.
package struct ToolFailure: Error, CustomStringConvertible {
    package let sentences: [String]

    package init(_ sentence: String) { sentences = [sentence] }

    package init(_ sentences: [String]) { self.sentences = sentences }

    package var description: String { sentences.joined(separator: "\n") }
}

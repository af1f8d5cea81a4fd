import ArgumentParser
import ToolKit

/// `kw man`: the manual, in the language of man pages.
struct ManCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Print the manual as a man page.",
        discussion: """
            Made from the commands themselves, so that it says what they do.

              kw man | man -l -
            """)

    func perform(_ tool: Tool) async throws {
        guard let manual = ManPage(help: KW._dumpHelp()) else {
            throw ToolFailure("the commands' own description cannot be read")
        }
        tool.console.write(manual.text)
    }
}

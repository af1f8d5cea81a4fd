import JSONLines
import TestSupport
import Testing

@testable import KW

/// The manual, which is made from the commands.
@Suite(.turn) struct ManPageTests {
    @Test func itHasEveryCommandAndOption() throws {
        let outcome = try Program.kw(["man"])
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        let page = outcome.output
        for section in ["NAME", "SYNOPSIS", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES"] {
            #expect(page.contains("\n.SH \"\(section)\"\n"), "\(section)")
        }
        for word in ["KAFKA_BOOTSTRAP", "NO_COLOR"] { #expect(page.contains(word)) }
        let root = try #require(JSON(KW._dumpHelp()))["command"]
        var options = 0
        for command in root["subcommands"].elements where command["commandName"].text != "help" {
            let name = try #require(command["commandName"].text)
            #expect(page.contains("\n.SH \"kw \(RoffText.escaped(name))\"\n"), "\(name)")
            for argument in command["arguments"].elements where argument["shouldDisplay"] != .bool(false) {
                for option in argument["names"].elements {
                    let dashes = option["kind"].text == "long" ? "--" : "-"
                    let shown = "\\fB" + RoffText.escaped(dashes + (option["name"].text ?? "")) + "\\fR"
                    #expect(page.contains(shown), "kw \(name) \(shown)")
                    options += 1
                }
            }
        }
        #expect(options > 50)
    }

    @Test(.enabled(if: Shell.has("groff"))) func groffHasNothingToSay() async throws {
        let outcome = try await Shell.run("set -o pipefail; kw man | groff -man -ww -z")
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
        let text = try await Shell.run("kw man | groff -man -Tascii -P-cbou")
        #expect(text.output.contains("--reset-offsets") && text.output.contains("kw groups --list --state"))
    }

    @Test func textStaysText() {
        var page = RoffText()
        page.text(".TH is no request, nor 'x; \\fB stays, --flag \"too\"")
        #expect(page.content == "\\&.TH is no request, nor \\(aqx; \\efB stays, \\-\\-flag \\(dqtoo\\(dq\n")
        page = RoffText()
        page.text("'quoted' … ^~`")
        #expect(page.content == "\\(aqquoted\\(aq \\[u2026] \\(ha\\(ti\\(ga\n")
        page = RoffText()
        page.discussion("One line\n  code --x\n  .more\nand on.\n\nNext.\n")
        #expect(
            page.content
                == ".PP\nOne line\n.PP\n.RS 4\n.EX\ncode \\-\\-x\n\\&.more\n.EE\n.RE\n.PP\nand on.\n.PP\nNext.\n")
    }

    @Test func whatIsNoDescriptionGivesNoPage() {
        #expect(ManPage(help: "") == nil)
        #expect(ManPage(help: "{\"command\":{}}") == nil)
    }
}

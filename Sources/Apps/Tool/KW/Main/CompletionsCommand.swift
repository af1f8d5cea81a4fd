import ArgumentParser
import JSONLines
import ToolKit

/// `kw completions SHELL`: the script that makes a shell complete what is typed behind `kw`.
struct CompletionsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the completion script of a shell.",
        discussion: """
            It completes commands, flags and files, and asks the cluster that the line names for topics and groups, for \
            at most 300 ms.

              bash: source <(kw completions bash)
              zsh:  kw completions zsh > "${fpath[1]}/_kw"
              fish: kw completions fish > ~/.config/fish/completions/kw.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func perform(_ tool: Tool) async throws { tool.console.line(CompletionScript.text(for: shell)) }
}

/// The scripts: the argument parser's, and what is missing in them.
enum CompletionScript {
    static func text(for shell: CompletionsCommand.Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: KW.completionScript(for: .fish)
        }
    }

    /// Zsh takes what stands behind a colon for a description: of `localhost:9092` the port would be lost.
    private static var zsh: String {
        let call = "        __kw_complete \"${completions[@]:0:-1}\"\n"
        let parts = KW.completionScript(for: .zsh).split(separator: call, maxSplits: 1)
        return parts.joined(separator: "        completions=(\"${(@)completions//:/\\\\:}\")\n" + call)
    }

    /// The options whose values a cluster knows, with their dashes.
    private static var asking: [String] {
        func names(_ command: JSON) -> [String] {
            let own = command["arguments"].elements.filter { $0["completionKind"].fields["custom"] != nil }
                .flatMap(\.["names"].elements).compactMap { name in
                    name["name"].text.map { (name["kind"].text == "long" ? "--" : "-") + $0 }
                }
            return own + command["subcommands"].elements.flatMap(names)
        }
        return Set(names(JSON(KW._dumpHelp())?["command"] ?? .null)).sorted()
    }

    /// Bash parts words at colons and equals signs, so that behind `--bootstrap-server localhost:9092` the generated
    /// functions lose their way. The words are put together again before they see them, and what they offer loses the
    /// part that stands on the line in front of the last break.
    private static var bash: String {
        let registration = "complete -o filenames -F _kw kw"
        let script = KW.completionScript(for: .bash)
        guard script.hasSuffix(registration) else { return script }
        return script.dropLast(registration.count) + """
            # Puts the words of the line together where bash has parted them at : or =. Sets words and cword.
            __kw_join_words() {
                local rest="${COMP_LINE}" word before=''
                local -i index last=-1 parted=0
                words=()
                for index in "${!COMP_WORDS[@]}"; do
                    word="${COMP_WORDS[index]}"
                    before="${rest%%[![:space:]]*}"
                    rest="${rest#"${before}"}"
                    rest="${rest#"${word}"}"
                    if ((last >= 0)) && [[ -z "${before}" ]] && { ((parted)) || [[ "${word}" == [:=]* ]]; }; then
                        words[last]+="${word}"
                    else
                        ((last += 1))
                        words[last]="${word}"
                    fi
                    [[ "${word}" == *[:=] ]] && parted=1 || parted=0
                    ((index == COMP_CWORD)) && cword=last
                done
            }

            _kw_joined() {
                local -a words
                local -i cword=0 index
                __kw_join_words
                local -a COMP_WORDS=("${words[@]}")
                local -i COMP_CWORD="${cword}"
                local typed="${words[cword]}" previous=''
                ((cword > 0)) && previous="${words[cword - 1]}"
                if [[ "${typed}" == --*=* ]]; then
                    previous="${typed%%=*}"
                    typed="${typed#*=}"
                fi
                COMPREPLY=()
                _kw "${1}" "${typed}" "${previous}"
                # What a cluster offers is no file, though there may be files of the same name.
                case "${previous}" in
                \(asking.joined(separator: "|"))) compopt +o filenames 2>/dev/null ;;
                esac
                local parted="${typed%"${typed##*[:=]}"}"
                if [[ -n "${parted}" ]]; then
                    [[ "${COMP_WORDBREAKS}" == *:* ]] || parted="${parted%"${parted##*=}"}"
                    for index in "${!COMPREPLY[@]}"; do COMPREPLY[index]="${COMPREPLY[index]#"${parted}"}"; done
                fi
                return 0
            }

            complete -o filenames -F _kw_joined kw
            """
    }
}

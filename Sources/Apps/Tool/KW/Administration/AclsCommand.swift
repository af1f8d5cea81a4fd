import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw acls`: who may do what, as `kafka-acls` has it.
struct AclsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "acls", abstract: "Add, remove and list rules that say who may do what.",
        discussion: """
            --producer and --consumer stand for the operations that those need.

              kw acls --add --allow-principal User:alice --operation Read --topic orders
              kw acls --add --allow-principal User:bob --consumer --topic orders --group g
              kw acls --list --topic orders
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var rules: AclOptions

    @Flag(help: "Add rules.") var add = false
    @Flag(help: "Remove rules.") var remove = false
    @Flag(help: "List rules.") var list = false
    @Flag(help: "Ask nothing before rules are removed.") var force = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("List only the rules of that principal; may come several times.", valueName: "User:name"))
    var principal: [String] = []

    func perform(_ tool: Tool) async throws {
        _ = try requireOne([("--add", add), ("--remove", remove), ("--list", list)])
        if list, rules.hasRuleParts {
            throw ValidationError(
                "--list takes no --producer, --consumer, --allow-principal, --deny-principal, --allow-host, --deny-host; "
                    + "--principal chooses whose rules are shown")
        }
        if !list, !principal.isEmpty {
            throw ValidationError("--principal goes with --list; use --allow-principal or --deny-principal")
        }
        for text in principal { try AclRules.checkPrincipal(text) }
        let rules = try AclRules(rules, isList: list)
        if add { try rules.checkAddable() }
        let admin = try await tool.admin(cluster)
        if list { return try await write(rules.filters, with: admin, tool) }
        if add { return try await add(rules.sets, with: admin, tool) }
        try await remove(rules.sets, with: admin, tool)
    }

    // MARK: - List

    private func write(_ filters: [AclPattern], with admin: KafkaAdmin, _ tool: Tool) async throws {
        var acls: Set<KafkaAdmin.Acl> = []
        if filters.isEmpty {
            acls = Set(try await admin.describeAcls())
        } else {
            for filter in filters { acls.formUnion(try await admin.describeAcls(filter.filter())) }
        }
        if output.json {
            let shown = acls.filter { principal.isEmpty || principal.contains($0.principal) }
            return tool.console.line(JSONText.array(shown.sorted(by: AclText.isBefore).map(AclText.json)))
        }
        guard !principal.isEmpty else { return write(acls, tool) }
        for principal in Set(principal).sorted() {
            tool.console.line("ACLs for principal `\(tool.shown(principal))`")
            write(acls.filter { $0.principal == principal }, tool)
        }
    }

    private func write(_ acls: Set<KafkaAdmin.Acl>, _ tool: Tool) {
        for (pattern, entries) in AclText.grouped(acls) {
            tool.console.line("Current ACLs for resource `\(tool.shown(pattern.description))`:")
            for entry in entries { tool.console.line("\t\(tool.shown(AclText.entry(entry)))") }
            tool.console.line("")
        }
    }

    // MARK: - Change

    private func add(
        _ sets: [(pattern: AclPattern, acls: [KafkaAdmin.Acl])], with admin: KafkaAdmin, _ tool: Tool
    ) async throws {
        var failures = Failures()
        var added: [String] = []
        for (pattern, acls) in sets {
            // Who may not see rules may add them all the same; what stands in the way of that, adding itself says.
            let present = Set((try? await admin.describeAcls(pattern.filter())) ?? [])
            let new = acls.filter { !present.contains($0) }
            if !output.json {
                for acl in acls where present.contains(acl) {
                    let binding = "(pattern=\(pattern), entry=\(AclText.entry(acl)))"
                    tool.console.line("Acl \(tool.shown(binding)) already exists.")
                }
            }
            guard !new.isEmpty else { continue }
            if !output.json {
                tool.console.line("Adding ACLs for resource `\(tool.shown(pattern.description))`: ")
                tool.console.line(
                    " " + new.map { "\t\(tool.shown(AclText.entry($0)))" }.joined(separator: "\n") + "\n")
            }
            let results = await admin.createAcls(new)
            for acl in new where failures.take(results[acl]) != nil { added.append(AclText.json(acl)) }
        }
        if output.json { tool.console.line(JSONText.array(added)) }
        try failures.finish()
    }

    private func remove(
        _ sets: [(pattern: AclPattern, acls: [KafkaAdmin.Acl])], with admin: KafkaAdmin, _ tool: Tool
    ) async throws {
        var failures = Failures()
        var removed: [String] = []
        for (pattern, acls) in sets {
            let filters: [KafkaAdmin.AclFilter]
            let question: String
            if acls.isEmpty {
                filters = [pattern.filter()]
                question =
                    "Are you sure you want to delete all ACLs for resource filter `\(tool.shown(pattern.description))`? (y/n)"
            } else {
                filters = acls.map { KafkaAdmin.AclFilter($0) }
                let entries = acls.map { "\t\(tool.shown(AclText.entry($0)))" }.joined(separator: "\n")
                question =
                    "Are you sure you want to remove ACLs: \n \(entries)\n from resource filter "
                    + "`\(tool.shown(pattern.description))`? (y/n)"
            }
            guard try isConfirmed(question, tool) else { continue }
            let results = await admin.deleteAcls(filters)
            for filter in filters {
                for (acl, result) in failures.take(results[filter]) ?? [:] where failures.take(result) != nil {
                    removed.append(AclText.json(acl))
                }
            }
        }
        if output.json { tool.console.line(JSONText.array(removed.sorted())) }
        try failures.finish()
    }

    /// Asks whoever is at the keyboard. Where nobody is, nothing is removed.
    private func isConfirmed(_ question: String, _ tool: Tool) throws -> Bool {
        if force { return true }
        if output.json { tool.console.note(question) } else { tool.console.line(question) }
        tool.console.flush()
        guard let answer = readLine() else {
            throw ToolFailure("nothing was removed, as nobody answered; --force removes without asking")
        }
        return answer.lowercased() == "y"
    }
}

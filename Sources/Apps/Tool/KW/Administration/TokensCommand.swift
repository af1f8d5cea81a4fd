import AppSupport
import ArgumentParser
import ClientSetup
import JSONLines
import KafkaWire
import ToolKit

/// `kw tokens`: delegation tokens, as `kafka-delegation-tokens` has them.
struct TokensCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Create, renew, expire and describe delegation tokens.",
        discussion: """
            Whoever has a token's HMAC can act for its owner. --write puts it into a file for its owner alone, with which \
            clients log in; --hmac-file takes it from there, so that it is on no command line.

              kw tokens --create --command-config alice.properties --write job.properties
              kw tokens --renew --command-config alice.properties --hmac-file job.properties
              kw tokens --describe --command-config alice.properties
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: TokenOptions

    func validate() throws { _ = try TokenAction(options) }

    func perform(_ tool: Tool) async throws {
        let action = try TokenAction(options)
        let settings = try cluster.settings()
        let bootstrap = cluster.bootstrap(settings)
        var configuration = tool.client(bootstrap)
        try settings.apply(to: &configuration, tool)
        let report = TokenReport(showsSecrets: options.showSecrets || options.create && options.write == nil)
        switch action {
        case .create(let owner, let renewers, let lifetime):
            // Before there is a token, which would be lost.
            let file = try options.write.map { try PrivateFile($0, what: "a token's file") }
            let token: KafkaAdmin.DelegationToken
            do {
                token = try await tool.admin(configuration).createDelegationToken(
                    owner: owner, renewers: renewers, maxLifetime: lifetime)
            } catch {
                file?.discard()
                throw error
            }
            try file?.finish(TokenProperties(token, settings, bootstrap: bootstrap).text)
            guard !output.json else { return tool.console.line(report.json(token)) }
            tool.console.line(
                tool.shown(
                    "Calling create token operation with renewers :[\(renewers.joined(separator: ", "))] , "
                        + "max-life-time-period :\(options.maxLifeTimePeriod)"))
            tool.console.line(tool.shown("Created delegation token with tokenId : \(token.id)"))
            report.print([token], tool)
            if let path = options.write { tool.console.note("clients log in with it by the settings in \(path)") }
        case .renew(let period):
            let hmac = try hmac(tool)
            let expires = try await tool.admin(configuration).renewDelegationToken(hmac, for: period)
            guard !output.json else { return tool.console.line(TokenReport.json(expires: expires)) }
            tool.console.line(
                "Calling renew token operation with hmac :\(hmac) , renew-time-period :\(options.renewTimePeriod)")
            tool.console.line("Completed renew operation. New expiry date : \(TokenReport.date(expires))")
        case .expire(let period):
            let hmac = try hmac(tool)
            let expires = try await tool.admin(configuration).expireDelegationToken(hmac, in: period)
            guard !output.json else { return tool.console.line(TokenReport.json(expires: expires)) }
            tool.console.line(
                "Calling expire token operation with hmac :\(hmac) , expire-time-period :\(options.expiryTimePeriod)")
            tool.console.line("Completed expire operation. New expiry date : \(TokenReport.date(expires))")
        case .describe(let owners):
            let tokens = try await tool.admin(configuration).describeDelegationTokens(owners: owners)
            guard !output.json else { return tool.console.line(JSONText.array(tokens.map(report.json))) }
            tool.console.line(
                owners.map { "Calling describe token operation for owners: [\($0.joined(separator: ", "))]" }
                    .map(tool.shown) ?? "Calling describe token operation for current user.")
            tool.console.line("Total number of tokens : \(tokens.count)")
            report.print(tokens, tool)
        }
    }

    /// The HMAC that an option gives, or a file.
    private func hmac(_ tool: Tool) throws -> Secret {
        if let text = options.hmac { return try TokenProperties.hmac(Secret(text), from: "--hmac") }
        let path = options.hmacFile ?? ""
        let file = try Secret.file(path)
        if let remark = file.remark { tool.complain(remark) }
        return try TokenProperties.hmac(file.secret, from: path)
    }
}

/// The options of `kw tokens`, of which each action has its own.
struct TokenOptions: ParsableArguments {
    @Flag(help: "Make a token.") var create = false
    @Flag(help: "Let a token live longer.") var renew = false
    @Flag(help: "End a token.") var expire = false
    @Flag(help: "Show tokens: one's own, and those that ACLs allow to see.") var describe = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Who owns the token (default: who asks); with --describe, whose tokens: may come several times.",
            valueName: "User:name"))
    var ownerPrincipal: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Who may renew it beside its owner; may come several times.", valueName: "User:name"))
    var renewerPrincipal: [String] = []
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long it can live, however often it is renewed; -1 is the broker's delegation.token.max.lifetime.ms.",
            valueName: "milliseconds"))
    var maxLifeTimePeriod: Int64 = -1
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much longer it is to live; -1 is the broker's delegation.token.expiry.time.ms.",
            valueName: "milliseconds"))
    var renewTimePeriod: Int64 = -1
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("In how long it ends; -1 is at once.", valueName: "milliseconds"))
    var expiryTimePeriod: Int64 = -1
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The token's HMAC, which every user of the machine can read here: --hmac-file is better.",
            valueName: "base 64"))
    var hmac: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A file that --write has made, or with the HMAC and nothing else.", valueName: "file"),
        completion: .file())
    var hmacFile: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write a file for its owner alone with the settings of clients that log in with the token, and do not show its "
                + "HMAC.", valueName: "file"), completion: .file())
    var write: String?
    @Flag(help: "With --describe, show the HMACs.") var showSecrets = false
}

/// What `kw tokens` is to do.
enum TokenAction: Equatable {
    case create(owner: String?, renewers: [String], lifetime: Duration?)
    case renew(Duration?)
    case expire(Duration?)
    case describe(owners: [String]?)

    /// - Throws: A usage error, which names no HMAC.
    init(_ options: TokenOptions) throws {
        let action = try requireOne([
            ("--create", options.create), ("--renew", options.renew), ("--expire", options.expire),
            ("--describe", options.describe),
        ])
        let others: [(option: String, isGiven: Bool, actions: [String])] = [
            ("--owner-principal", !options.ownerPrincipal.isEmpty, ["--create", "--describe"]),
            ("--renewer-principal", !options.renewerPrincipal.isEmpty, ["--create"]),
            ("--max-life-time-period", options.maxLifeTimePeriod != -1, ["--create"]),
            ("--write", options.write != nil, ["--create"]),
            ("--renew-time-period", options.renewTimePeriod != -1, ["--renew"]),
            ("--expiry-time-period", options.expiryTimePeriod != -1, ["--expire"]),
            ("--hmac", options.hmac != nil, ["--renew", "--expire"]),
            ("--hmac-file", options.hmacFile != nil, ["--renew", "--expire"]),
            ("--show-secrets", options.showSecrets, ["--describe"]),
        ]
        for other in others where other.isGiven && !other.actions.contains(action) {
            throw ValidationError(
                "\(other.option) goes with \(other.actions.joined(separator: " and ")), not with \(action)")
        }
        let owners = try options.ownerPrincipal.map(Self.principal)
        let renewers = try options.renewerPrincipal.map(Self.principal)
        switch action {
        case "--create":
            guard owners.count <= 1 else {
                throw ValidationError("a token has one owner; --owner-principal comes once")
            }
            if let path = options.write, path.isEmpty { throw ValidationError("--write takes a file's name") }
            let lifetime = try Self.period(options.maxLifeTimePeriod, "--max-life-time-period", least: 1)
            self = .create(owner: owners.first, renewers: renewers, lifetime: lifetime)
        case "--describe": self = .describe(owners: owners.isEmpty ? nil : owners)
        default:
            guard (options.hmac == nil) != (options.hmacFile == nil) else {
                throw ValidationError(
                    options.hmac == nil
                        ? "say which token: --hmac-file FILE, or --hmac" : "use one of --hmac and --hmac-file")
            }
            if let text = options.hmac { _ = try TokenProperties.hmac(Secret(text), from: "--hmac") }
            self =
                action == "--renew"
                ? .renew(try Self.period(options.renewTimePeriod, "--renew-time-period", least: 1))
                : .expire(try Self.period(options.expiryTimePeriod, "--expiry-time-period", least: 0))
        }
    }

    private static func principal(_ text: String) throws -> String {
        let text = NamedSettings.trimmed(text)
        try AclRules.checkPrincipal(text)
        return text
    }

    private static func period(_ milliseconds: Int64, _ option: String, least: Int64) throws -> Duration? {
        if milliseconds == -1 { return nil }
        guard milliseconds >= least else {
            throw ValidationError("\(option) is a number of milliseconds from \(least) on, or -1")
        }
        return .milliseconds(milliseconds)
    }
}

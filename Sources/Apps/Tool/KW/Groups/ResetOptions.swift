import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// The options of `kw groups --reset-offsets`.
struct ResetOptions: ParsableArguments {
    @Flag(help: "Show the new offsets, and change nothing. The default.")
    var dryRun = false

    @Flag(help: "Commit the new offsets.")
    var execute = false

    @Flag(help: "Print the new offsets as comma-separated values, as --from-file reads them.")
    var export = false

    @Flag(help: "To the first record that is still there.")
    var toEarliest = false

    @Flag(help: "To the end of the log.")
    var toLatest = false

    @Flag(help: "To what is committed now; to the end of the log where nothing is.")
    var toCurrent = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("To that offset, or the nearest one that the log has.", valueName: "offset"))
    var toOffset: Int64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("So many records on from what is committed; back where negative.", valueName: "number"))
    var shiftBy: Int64?

    @Option(
        help: ArgumentHelp(
            "To the first record that is not older: yyyy-MM-ddTHH:mm:ss.SSS, UTC unless a zone such as +01:00 follows.",
            valueName: "moment"))
    var toDatetime: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "To the first record that is not older than that before now: PnDTnHnMnS.", valueName: "duration"))
    var byDuration: String?

    @Option(
        help: ArgumentHelp(
            "To the offsets in a file of topic,partition,offset or group,topic,partition,offset.", valueName: "file"),
        completion: .file())
    var fromFile: String?

    /// The names of the goals that are given.
    private var goals: [String] {
        [
            ("--to-earliest", toEarliest), ("--to-latest", toLatest), ("--to-current", toCurrent),
            ("--to-offset", toOffset != nil), ("--shift-by", shiftBy != nil), ("--to-datetime", toDatetime != nil),
            ("--by-duration", byDuration != nil), ("--from-file", fromFile != nil),
        ].filter(\.1).map(\.0)
    }

    /// The names of all that are given, for the sentence that refuses them elsewhere.
    var given: [String] {
        [("--dry-run", dryRun), ("--execute", execute), ("--export", export)].filter(\.1).map(\.0) + goals
    }

    /// Refuses what does not go together.
    func check(hasScope: Bool) throws {
        if dryRun && execute { throw ValidationError("--dry-run and --execute exclude each other") }
        guard goals.count <= 1 else { throw ValidationError("\(goals.joined(separator: " and ")) exclude each other") }
        guard !goals.isEmpty else {
            throw ValidationError(
                "--reset-offsets needs one of --to-earliest, --to-latest, --to-current, --to-offset, --shift-by, "
                    + "--to-datetime, --by-duration, --from-file")
        }
        if !hasScope && fromFile == nil {
            throw ValidationError("One of the reset scopes should be defined: --all-topics, --topic.")
        }
        _ = try time(now: 0)
    }

    /// The moment that a goal names; nil where it names none.
    private func time(now: Int64) throws -> Int64? {
        do throws(JavaTime.Malformed) {
            if let toDatetime { return try JavaTime.milliseconds(toDatetime) }
            if let byDuration { return now.subtractingSaturated(try JavaTime.duration(byDuration)) }
            return nil
        } catch { throw ValidationError("\(error)") }
    }

    /// Where the offsets shall be. `now` is in milliseconds since 1970; `group` is the one that a file without groups is
    /// meant for.
    func goal(now: Int64, group: String?) throws -> OffsetReset.Goal {
        // Negative numbers mean other things to a broker, and no record is older than 1970.
        if let time = try time(now: now) { return .time(max(time, 0)) }
        if let toOffset { return .offset(toOffset) }
        if let shiftBy { return .shift(shiftBy) }
        if let fromFile {
            let lines = FileContent.lines(try FileContent.bytes(fromFile))
            return .plan(try OffsetPlan.read(lines, path: fromFile, group: group))
        }
        return toEarliest ? .earliest : toLatest ? .latest : .current
    }
}

import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// Lists of groups: plain names, names with state and type (both as kafka-consumer-groups.sh), and the table of
/// kafka-groups.sh.
enum GroupsList {
    /// The states that `--state` names, in any case, with commas between them; none are all of them.
    static func states(_ text: String?) throws -> Set<KafkaAdmin.GroupState> {
        let known: [KafkaAdmin.GroupState] = [
            .stable, .empty, .dead, .preparingRebalance, .completingRebalance, .assigning, .reconciling,
        ]
        return Set(
            try names(text).map { name in
                guard let state = known.first(where: { $0.rawValue.lowercased() == name }) else {
                    throw ValidationError(
                        "--state does not know '\(name)'; the states are \(list(known.map(\.rawValue)))")
                }
                return state
            })
    }

    /// The types that `--type` names.
    static func types(_ text: String?) throws -> Set<KafkaAdmin.GroupType> {
        Set(
            try names(text).map { name in
                guard name == "classic" || name == "consumer" else {
                    throw ValidationError("--type does not know '\(name)'; the types are classic and consumer")
                }
                return KafkaAdmin.GroupType(rawValue: name)
            })
    }

    private static func names(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).lowercased()
        }
    }

    private static func list(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + (names.last.map { " and " + $0 } ?? "")
    }

    /// `--list`: consumer groups of both protocols, with columns where they are asked for.
    static func run(
        _ session: inout GroupsSession, states: Set<KafkaAdmin.GroupState>, types: Set<KafkaAdmin.GroupType>,
        showsState: Bool, showsType: Bool
    ) async throws {
        let groups = try await session.listings(states: states).filter { group in
            group.isConsumerGroup && (types.isEmpty || group.type.map(types.contains) ?? false)
        }
        if session.isJSON { return session.document(json(groups)) }
        guard showsState || showsType else {
            for group in groups {
                session.tool.console.line(session.tool.width == nil ? group.id : SafeText.line(group.id))
            }
            return
        }
        let width = groups.reduce(15) { max($0, $1.id.utf16.count) } + 10
        var table = KafkaTable([.text("GROUP", width)])
        if showsType { table.columns.append(.text("TYPE", 20)) }
        if showsState { table.columns.append(.text("STATE", 20)) }
        table.rows = groups.map { group in
            var row = [group.id]
            if showsType { row.append(group.type?.title ?? "Unknown") }
            if showsState { row.append(group.state?.rawValue ?? "Unknown") }
            return row
        }
        table.print(session.tool, spaced: false)
    }

    /// Which groups kafka-groups.sh shows.
    struct Filter {
        var type: KafkaAdmin.GroupType?
        var protocolType: String?
        var isConsumer = false
        var isShare = false
        var isStreams = false

        func passes(_ group: KafkaAdmin.GroupListing) -> Bool {
            if let type { return group.type == type && protocolType.map { $0 == group.protocolType } ?? true }
            if let protocolType { return group.protocolType == protocolType }
            if isConsumer {
                return group.protocolType == "consumer" || group.protocolType.isEmpty || group.type == .consumer
            }
            if isShare { return group.type == .share }
            return isStreams ? group.type == .streams : true
        }
    }

    /// The table of kafka-groups.sh: groups of all types.
    static func table(_ session: inout GroupsSession, _ filter: Filter) async throws {
        let groups = try await session.listings().filter(filter.passes)
        if session.isJSON { return session.document(json(groups)) }
        let rows = groups.map { [$0.id, $0.type?.title ?? "", $0.protocolType] }
        let width = rows.joined().reduce(20) { max($0, $1.utf16.count) }
        var table = KafkaTable(
            [.text("GROUP", width), .text("TYPE", width), .text("PROTOCOL", width)], rowEnd: " ")
        table.rows = rows
        table.print(session.tool, spaced: false)
    }

    private static func json(_ groups: [KafkaAdmin.GroupListing]) -> String {
        JSONText.array(
            groups.map { group in
                JSONText.object([
                    ("group", JSONText.string(group.id)), ("type", JSONText.string(group.type?.rawValue)),
                    ("state", JSONText.string(group.state?.rawValue)),
                    ("protocol", JSONText.string(group.protocolType)),
                ])
            })
    }
}

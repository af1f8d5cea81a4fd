import Foundation
import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Every kind of damage to every file of a data directory, after a kill and after a clean stop: what was acknowledged is
/// there again, or the broker refuses, or says what is not there; nothing else is there, and no byte is gone.
///
/// Of the whole table, of more than five thousand cases, every ninth is tried, and in any case every kind of damage and
/// every file after either stop. With `KAFKAWIRE_DAMAGE=all` all are, in a few minutes.
@Suite(.heavy) struct DamageTests {
    private static let everyOne = ProcessInfo.processInfo.environment["KAFKAWIRE_DAMAGE"] == "all"
    /// Which part of the table is tried.
    private static let part = everyOne ? 1 : 9

    /// The files of a directory, by their paths in it.
    private typealias Files = [String: [UInt8]]

    private static func read(_ path: String) -> Files {
        var files: Files = [:]
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
            var isFolder: ObjCBool = false
            let whole = path + "/" + name
            guard FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            // The room that is kept for deletions is large, and is nothing.
            files[name] = name == ".reserve" ? [] : [UInt8](FileManager.default.contents(atPath: whole) ?? Data())
        }
        files[".lock"] = nil
        return files
    }

    private static func write(_ files: Files, to path: String) throws {
        for (name, bytes) in files {
            let whole = path + "/" + name
            let folder = String(whole[..<(whole.lastIndex(of: "/") ?? whole.startIndex)])
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: whole, contents: Data(bytes))
            if name == ".reserve" { truncate(whole, 256 << 10) }
        }
    }

    /// What one case has found to be wrong.
    private final class Findings {
        var cases = 0
        var refusals = 0
        var told = 0
        var texts: [String] = []
    }

    @Test(arguments: [true, false]) func everyDamageOfEveryFileIsFoundToldOrRefused(isStopped: Bool) throws {
        let original = TemporaryFolder()
        try FilledDirectory.make(original.path, isStopped: isStopped)
        let files = Self.read(original.path)
        #expect((files[".kafka_cleanshutdown"] != nil) == isStopped)
        let before = try Self.state(of: files)
        let findings = Findings()
        let parted = files.keys.filter { $0.hasPrefix("parted-0/") && $0.hasSuffix(".log") }.sorted()
        var number = isStopped ? 0 : Self.part / 2
        var names: Set<String> = []
        var kindsTried: Set<String> = []
        for name in files.keys.sorted() where name != ".reserve" {
            // Of many alike the first, one in the middle and the last.
            if parted.contains(name), ![parted[0], parted[parted.count / 2], parted[parted.count - 1]].contains(name) {
                continue
            }
            let kinds = DamageKind.ofAnyFile + (name.hasSuffix(".log") ? DamageKind.ofSegments : [])
            for kind in kinds {
                guard let change = kind.change(files[name] ?? []) else { continue }
                number += 1
                let isFirst = !names.contains(name) || !kindsTried.contains(kind.name)
                guard isFirst || number % Self.part == 0 else { continue }
                names.insert(name)
                kindsTried.insert(kind.name)
                findings.cases += 1
                let found = try Self.judge(name, kind.name, change, files, before, isStopped: isStopped, findings)
                findings.texts += found.map { "\(name), \(kind.name): \($0)" }
            }
        }
        print(
            "\(findings.cases) of \(number) damages after a \(isStopped ? "clean stop" : "kill"): "
                + "\(kindsTried.count) kinds, \(names.count) files, \(findings.refusals) refused, "
                + "\(findings.told) told, \(findings.texts.count) wrong")
        #expect(number > 2500 && findings.cases >= number / Self.part)
        #expect(names.count > 15 && kindsTried.count > 200)
        #expect(findings.texts.isEmpty, "\(findings.texts.prefix(60).joined(separator: "\n"))")
    }

    private static func state(of files: Files) throws -> KeptState {
        let folder = TemporaryFolder()
        try write(files, to: folder.path)
        return try KeptState(FilledDirectory.start(folder.path))
    }

    private static func judge(
        _ name: String, _ kind: String, _ change: DamageKind.Change, _ files: Files, _ before: KeptState,
        isStopped: Bool, _ findings: Findings
    ) throws -> [String] {
        let folder = TemporaryFolder()
        var damaged = files
        damaged[name] = nil
        if case .bytes(let bytes) = change.content { damaged[name] = bytes }
        let parts = name.split(separator: "/").map(String.init)
        if let beside = change.beside, parts.count == 2 { damaged["\(parts[0])/\(beside.name)"] = beside.bytes }
        try write(damaged, to: folder.path)
        let path = folder.path + "/" + name
        if case .folder = change.content {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        if case .brokenLink = change.content {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.path + "/nowhere")
        }
        var found: [String] = []
        let node: BrokerNode
        do { node = try FilledDirectory.start(folder.path) } catch {
            findings.refusals += 1
            let said = "\(error)"
            if !said.contains(parts[0]) { found.append("the refusal does not name it: \(said)") }
            if !said.contains("; ") { found.append("the refusal does not say how to go on: \(said)") }
            let left = read(folder.path)
            for (one, bytes) in damaged where one != ".reserve" && left[one] != bytes {
                found.append("it refuses, and has changed \(one)")
            }
            return found
        }
        if !node.recoveryRemarks.isEmpty { findings.told += 1 }
        let after: KeptState
        do { after = try KeptState(node) } catch { return ["it cannot be read: \(error)"] }
        if after.cluster != before.cluster { found.append("another cluster") }
        if after.metadata != before.metadata { found.append("other topics, settings, quotas, users or tokens") }
        if after.positions != before.positions { found.append("other positions: \(after.positions)") }
        if after.transactions != before.transactions { found.append("other transactions") }
        for topic in node.topics.sorted {
            for partition in topic.partitions where partition.lastStableOffset < partition.log.endOffset {
                found.append("\(topic.name)-\(partition.index) is stable up to \(partition.lastStableOffset) alone")
            }
        }
        for (log, old) in before.logs {
            guard let new = after.logs[log] else {
                found.append("\(log) is gone")
                continue
            }
            found += compare(log, old, new, name, change, files, damaged, node, isStopped: isStopped)
        }
        found += missing(damaged, read(folder.path), node)
        node.close()
        return found + again(folder.path, after)
    }

    /// What one log should hold, and does not.
    private static func compare(
        _ log: String, _ old: KeptState.Log, _ new: KeptState.Log, _ name: String, _ change: DamageKind.Change,
        _ files: Files, _ damaged: Files, _ node: BrokerNode, isStopped: Bool
    ) -> [String] {
        var found: [String] = []
        if new.start < old.start { found.append("\(log): deleted records are back, from \(new.start) on") }
        if new.end < old.end { found.append("\(log) ends at \(new.end), and ended at \(old.end)") }
        // A transaction's end that was damaged is written once more.
        let isEnded = node.recoveryRemarks.contains { $0.hasPrefix("\(log): the end of a transaction") }
        if new.end > old.end + (isEnded ? 1 : 0) {
            found.append("\(log) ends at \(new.end), though it ended at \(old.end)")
        }
        var touched: Set<Offset> = []
        if name.hasPrefix(log + "/"), name.hasSuffix(".log"), let bytes = files[name] {
            for place in DamageKind.batches(bytes) where change.touched.contains(where: { $0.overlaps(place) }) {
                touched.insert(
                    Offset(bytes[place.lowerBound..<place.lowerBound + 8].reduce(Int64(0)) { $0 << 8 | Int64($1) }))
            }
        }
        // What was deleted may go with the rest of its segment.
        for (offset, bytes) in old.batches where offset >= old.start {
            if let held = new.batches[offset] {
                if held != bytes, !touched.contains(offset) { found.append("\(log): \(offset) is another one") }
                // After a clean stop not everything is read; a client sees that the checksum is wrong.
                if held != bytes, !isStopped, (try? RecordBatch(Bytes(held))?.verifyChecksum()) == nil {
                    found.append("\(log): \(offset) is damaged")
                }
            } else {
                if !touched.contains(offset) { found.append("\(log): the good batch at \(offset) is not there") }
                if !node.recoveryRemarks.contains(where: { $0.contains("/\(log)") }) {
                    found.append("\(log): nothing is told of the batch at \(offset)")
                }
            }
        }
        for offset in new.batches.keys where old.batches[offset] == nil && !(isEnded && offset == old.end) {
            found.append("\(log): something new at \(offset)")
        }
        return found
    }

    /// The bytes that were there and are not any more.
    private static func missing(_ before: Files, _ after: Files, _ node: BrokerNode) -> [String] {
        var found: [String] = []
        for (name, bytes) in before where name.hasSuffix(".log") && name.contains("-") && after[name] != bytes {
            // An empty file gives way to one with the offset at which the log goes on; one of deleted records goes.
            if bytes.isEmpty || name.hasPrefix("trimmed-0/") && after[name] == nil { continue }
            let kept = after.filter { $0.key.hasPrefix(name) && $0.key.hasSuffix(".cut") }
            let count = kept.reduce(after[name]?.count ?? 0) { $0 + $1.value.count }
            if count != bytes.count { found.append("\(name) had \(bytes.count) bytes, and \(count) are left") }
            if !node.recoveryRemarks.contains(where: { $0.contains(name) && $0.contains(".cut") }) {
                found.append("\(name) was changed without a word")
            }
        }
        return found
    }

    /// A second start changes nothing more, and has nothing to tell.
    private static func again(_ path: String, _ before: KeptState) -> [String] {
        let files = read(path)
        guard let node = try? FilledDirectory.start(path) else { return ["it does not start again"] }
        guard let after = try? KeptState(node) else { return ["it cannot be read again"] }
        var found = node.recoveryRemarks.map { "told at the second start: \($0)" }
        if after != before { found.append("another state at the second start") }
        let left = read(path)
        for (name, bytes) in files where left[name] != bytes {
            guard ![".kafka_cleanshutdown", ".log-bounds", ".reserve"].contains(name) else { continue }
            found.append("\(name) changed at the second start")
        }
        return found
    }
}

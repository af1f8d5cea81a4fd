import Detectors
import KafkaWire
import TestSupport
import Testing

@testable import AgentRuntime

/// The changelog's records, what is restored of them, and what waits for a transaction.
@Suite(.turn) struct ChangelogTests {
    private static let records: [(ChangelogRecord, String, [UInt8]?)] = [
        (ChangelogRecord(.user(42), epoch: 0, state: [1, 2]), "user:42", [4, 0, 1, 2]),
        (ChangelogRecord(.user(-7), epoch: 3, state: []), "user:-7", [4, 6]),
        (ChangelogRecord(.rows(.min), epoch: 0, state: [9]), "rows:-9223372036854775808", [4, 0, 9]),
        (ChangelogRecord(.partition, epoch: 0, state: [7]), "partition", [4, 0, 7]),
        (position(300, epoch: 1), "position", [4, 2, 0xD8, 0x04]),
        (ChangelogRecord(.user(1), epoch: .max, state: nil), "user:1", nil),
    ]

    private static func position(_ offset: Offset, epoch: Int64) -> ChangelogRecord {
        var state: [UInt8] = []
        StateBytes.append(offset.rawValue, to: &state)
        return ChangelogRecord(.position, epoch: epoch, state: state[...])
    }

    private static func add(_ record: ChangelogRecord, to page: inout ChangelogPage) {
        page.append(record.subject, epoch: record.epoch) { bytes in
            guard let state = record.state else { return false }
            bytes.append(contentsOf: state)
            return true
        }
    }

    @Test func recordsHaveAForm() throws {
        var page = ChangelogPage()
        for (record, _, _) in Self.records { Self.add(record, to: &page) }
        for (index, (record, key, value)) in Self.records.enumerated() {
            let written = page.record(index)
            #expect(written.key.text == key && written.value?.copy() == value)
            #expect(ChangelogRecord(key: written.key, value: written.value) == record)
        }
        var seen: [Int] = []
        // The fourth is not taken, and so is none behind it.
        let next = try page.handOut(from: 1) { key, value throws(KafkaError) in
            seen.append(key.count)
            return seen.count < 4
        }
        #expect(next == 4 && seen == [7, 25, 9, 8])
        let end = try page.handOut(from: 5) { _, value throws(KafkaError) in value == nil }
        #expect(end == page.count)
    }

    @Test(
        arguments: [
            (nil, [4, 0]), ("", [4, 0]), ("user:", [4, 0]), ("user:x", [4, 0]), ("user:99999999999999999999", [4, 0]),
            ("positions", [4, 0]), ("user:1", []), ("user:1", [4]), ("user:1", [2, 0]), ("user:1", [4, 1]),
            ("user:1", [4, 0x80]),
        ] as [(String?, [UInt8])])
    func whatIsOfNoKnownFormIsNone(key: String?, value: [UInt8]) {
        #expect(ChangelogRecord(key: key.map { Bytes(utf8: $0) }, value: Bytes(value)) == nil)
    }

    private static func take(_ state: inout RestoredState, _ record: ChangelogRecord) -> RestoredState.Step {
        var page = ChangelogPage()
        add(record, to: &page)
        let (key, value) = page.record(0)
        return state.take(key: key, value: value)
    }

    @Test func theLastEpochCounts() {
        var state = RestoredState()
        #expect(state.gap(to: 5) == .readBack(from: 0))
        #expect(Self.take(&state, .init(.user(1), epoch: 0, state: [8])) == .take(.user(1), [8], isFirst: false))
        #expect(Self.take(&state, Self.position(7, epoch: 0)) == .pass)
        #expect(state.position == 7 && state.epoch == 0 && state.count == 1)
        for (offset, gap) in [(7, .none), (9, .readBack(from: 7)), (6, .anew)] as [(Offset, RestoredState.Gap)] {
            #expect(state.gap(to: offset) == gap)
        }
        // Begun anew: all of before is dropped, and what of it still comes is passed over.
        #expect(Self.take(&state, .init(.user(2), epoch: 1, state: [9])) == .take(.user(2), [9], isFirst: true))
        #expect(state.position == nil && state.count == 1)
        #expect(Self.take(&state, .init(.user(1), epoch: 0, state: [8])) == .pass)
        #expect(Self.take(&state, Self.position(3, epoch: 1)) == .pass)
        #expect(state.position == 3)
        // Nobody is known any more.
        #expect(Self.take(&state, .init(.user(2), epoch: 1, state: nil)) == .take(.user(2), [], isFirst: false))
        #expect(Self.take(&state, .init(.rows(2), epoch: 1, state: nil)) == .take(.rows(2), [], isFirst: false))
        #expect(state.take(key: Bytes(utf8: "other"), value: nil) == .damaged)
        #expect(Self.take(&state, .init(.position, epoch: 1, state: [1])) == .damaged)
        #expect(state.position == 3)
    }

    /// An instance that got a partition back while its memory was being read had half of it, and missed an alert.
    @Test func whatIsReadForAnEarlierAssignmentIsNobodys() throws {
        var restoring = Restorations()
        let (one, other) = (TopicPartition("t", 0), TopicPartition("t", 1))
        restoring.begin(other)
        restoring.begin(one)
        let first = restoring.tickets
        #expect(first.map(\.partition) == [one, other] && restoring.partitions == [one, other])
        restoring.end([one])
        #expect(!restoring.contains(first[0]) && !restoring.contains(one))
        restoring.begin(one)
        #expect(!restoring.contains(first[0]) && restoring.contains(one))
        let (isOld, isOther) = (restoring.finish(first[0]), restoring.finish(first[1]))
        #expect(!isOld && isOther && restoring.partitions == [one])
        let second = try #require(restoring.tickets.first)
        let isNew = restoring.finish(second)
        #expect(isNew && restoring.isEmpty)
    }

    private static func alert(_ text: String) -> ProducerRecord { ProducerRecord(topic: "alerts", value: text) }
    private static func texts(_ part: Parcel.Part?) -> [String] { part?.letters.compactMap { $0.value?.text } ?? [] }

    @Test func whatDidNotArriveGoesFirst() {
        var outbox = Outbox()
        let (one, other) = (TopicPartition("t", 0), TopicPartition("t", 1))
        outbox.add([Self.alert("a"), Self.alert("b")], StateChanges(users: [1], rows: [5]), of: one)
        outbox.add([Self.alert("x")], StateChanges(), of: other)
        #expect(outbox.count == 5 && outbox.holds(one) && outbox.holds(other))
        var parcel = Parcel()
        parcel.parts[one] = outbox.part(of: one, at: 4)
        parcel.parts[other] = outbox.part(of: other, at: 9)
        #expect(outbox.count == 0 && !outbox.holds(one))
        #expect(parcel.offsets == [one: 4, other: 9])
        outbox.add([Self.alert("c")], StateChanges(users: [1, 2]), of: one)
        // The second went to another instance meanwhile.
        outbox.drop(other)
        outbox.putBack(parcel)
        #expect(!outbox.holds(other) && outbox.count == 6)
        let part = outbox.part(of: one, at: 6)
        #expect(Self.texts(part) == ["a", "b", "c"])
        #expect(part.changes == StateChanges(users: [1, 2], rows: [5]))
        #expect(outbox.count == 0)
    }

    @Test func aParcelsRecordsAreInOrder() {
        var outbox = Outbox()
        var parcel = Parcel()
        for number in [2, 0, 1] as [Int32] {
            let source = TopicPartition("t", PartitionID(rawValue: number))
            outbox.add([Self.alert("a\(number)")], StateChanges(), of: source)
            var part = outbox.part(of: source, at: 1)
            part.changelog.append(position: 1, epoch: 0)
            parcel.parts[source] = part
        }
        #expect(parcel.inOrder.map(\.source.partition) == [0, 1, 2])
        #expect(parcel.inOrder.map { Self.texts($0.part) } == [["a0"], ["a1"], ["a2"]])
        #expect(parcel.inOrder.allSatisfy { $0.part.changelog.record(0).key.text == "position" })
    }
}

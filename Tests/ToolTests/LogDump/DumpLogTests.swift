import Foundation
import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW
@testable import LogDump

/// `kw dump-log`: values, and the program over the files of a broker.
@Suite(.turn) struct DumpLogTests {
    /// A batch with one record.
    static func batch(
        key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = [], offset: Offset = 7, marks: UInt16 = 0,
        sequence: Int32 = -1, producer: ProducerID = .none
    ) throws -> RecordBatch {
        var builder = RecordBatchBuilder()
        func with(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Void) {
            if let bytes { bytes.withUnsafeBytes { body($0) } } else { body(nil) }
        }
        with(key) { key in with(value) { builder.append(key: key, value: $0, headers: headers, timestamp: 5) } }
        var options = RecordBatchBuilder.Options()
        options.baseOffset = offset
        options.partitionLeaderEpoch = 3
        options.marks = .init(rawValue: marks)
        options.baseSequence = sequence
        options.producerId = producer
        options.producerEpoch = producer == .none ? .none : 0
        return try #require(try RecordBatch(Bytes(try builder.finish(options))))
    }

    // MARK: - Lines

    @Test func aBatchIsALine() throws {
        let batch = try Self.batch(key: nil, value: Array("v".utf8), sequence: .max, producer: 9)
        #expect(
            DumpText.line(batch, at: 100)
                == "baseOffset: 7 lastOffset: 7 count: 1 baseSequence: 2147483647 lastSequence: 2147483647 producerId: 9 "
                + "producerEpoch: 0 partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: "
                + "OptionalLong.empty position: 100 CreateTime: 5 size: \(batch.bytes.count) magic: 2 compresscodec: none "
                + "crc: \(batch.crc) isvalid: true")
        var bytes = batch.bytes.copy()
        bytes[bytes.count - 1] ^= 1
        let damaged = try #require(try RecordBatch(Bytes(bytes)))
        #expect(DumpText.line(damaged, at: 0).hasSuffix("isvalid: false"))
    }

    @Test func aRecordIsALine() throws {
        let batch = try Self.batch(
            key: Array("k".utf8), value: nil, headers: [RecordHeader("h", nil), RecordHeader("g", nil)])
        var text = DumpText()
        let facts = "| offset: 7 CreateTime: 5 keySize: 1 valueSize: -1 sequence: -1 headerKeys: [h,g]"
        #expect(try text.lines(of: batch).map(\.text) == [facts])
        text.printsContents = true
        #expect(try text.lines(of: batch).map(\.text) == [facts + " key: k"])
        text.skipsMetadata = true
        #expect(try text.lines(of: batch).map(\.text) == ["| key: k"])
        text.keyDecoder = .integer
        let number = try Self.batch(key: [0xFF, 0xFF, 0xFF, 0xFE], value: Array("v".utf8))
        #expect(try text.lines(of: number).map(\.text) == ["| key: -2 payload: v"])
    }

    @Test func theEndOfATransactionIsSaid() throws {
        let bytes = try ControlBatch.marker(
            .commit, producerId: 4, producerEpoch: 1, coordinatorEpoch: 6, timestamp: 5, baseOffset: 7)
        let batch = try #require(try RecordBatch(Bytes(bytes)))
        var text = DumpText()
        text.printsContents = true
        #expect(
            try text.lines(of: batch).map(\.text) == [
                "| offset: 7 CreateTime: 5 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] endTxnMarker: COMMIT "
                    + "coordinatorEpoch: 6"
            ])
    }

    @Test(
        arguments: [
            (IndexKind.offsets, [UInt8]([0, 0, 0, 5, 0, 0, 1, 0]), "offset: 105 position: 256"),
            (.times, [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2], "timestamp: 9 offset: 102"), (.times, [1], nil),
        ] as [(IndexKind, [UInt8], String?)])
    func anEntryOfAnIndexIsALine(kind: IndexKind, bytes: [UInt8], line: String?) {
        #expect(DumpText.entry(bytes, of: kind, base: 100) == line)
    }

    // MARK: - The broker's own topics

    static func record(_ key: [UInt8]?, _ value: [UInt8]?) throws -> Record {
        try #require(try batch(key: key, value: value).records().first)
    }

    @Test func committedOffsetsAreReadAsKafkaPrintsThem() throws {
        let key = try OffsetCommitKey.with {
            $0.group = "g"
            $0.topic = "t"
            $0.partition = 2
        }.encodeVersioned(version: 1)
        let value = OffsetCommitValue.with {
            $0.offset = 5
            $0.metadata = "m"
            $0.commitTimestamp = 9
        }
        let shown = InternalRecord.offsets(try Self.record(key, try value.encodeVersioned(version: 3)))
        #expect(shown.key == #"{"type":"1","data":{"group":"g","topic":"t","partition":2}}"#)
        #expect(
            shown.payload
                == #"{"version":"3","data":{"offset":5,"leaderEpoch":-1,"metadata":"m","commitTimestamp":9}}"#)
        let older = InternalRecord.offsets(try Self.record(key, try value.encodeVersioned(version: 1)))
        #expect(older.payload?.hasSuffix(#""commitTimestamp":9,"expireTimestamp":-1}}"#) == true)
        #expect(InternalRecord.offsets(try Self.record(key, nil)).payload == "<DELETE>")
    }

    @Test func aClassicGroupIsReadWithItsMembers() throws {
        let key = try GroupMetadataKey.with { $0.group = "g" }.encodeVersioned(version: 2)
        let subscription = try ConsumerProtocolSubscription.with { $0.topics = ["t"] }.encodeVersioned(version: 0)
        let value = try GroupMetadataValue.with {
            $0.protocolType = "consumer"
            $0.generation = 1
            $0.members = [
                .with {
                    $0.memberId = "m"
                    $0.subscription = Bytes(subscription)
                    $0.assignment = Bytes([9])
                }
            ]
        }.encodeVersioned(version: 3)
        let shown = InternalRecord.offsets(try Self.record(key, value))
        #expect(shown.key == #"{"type":"2","data":{"group":"g"}}"#)
        let payload = try #require(shown.payload)
        #expect(payload.hasPrefix(#"{"version":"3","data":{"protocolType":"consumer","generation":1,"protocol":"#))
        #expect(payload.contains(#""subscription":{"topics":["t"],"userData":null}"#))
        // What is no assignment stays bytes.
        #expect(payload.contains(#""assignment":"CQ==""#))
    }

    @Test func aConsumerGroupIsRead() throws {
        let key = try GroupKey.with { $0.groupId = "g" }.encodeVersioned(version: 3)
        let value = try ConsumerGroupMetadataValue.with { $0.epoch = 4 }.encodeVersioned(version: 0)
        let shown = InternalRecord.offsets(try Self.record(key, value))
        #expect(shown.key == #"{"type":"3","data":{"groupId":"g"}}"#)
        #expect(shown.payload == #"{"version":"0","data":{"epoch":4}}"#)
        let member = try MemberKey.with {
            $0.groupId = "g"
            $0.memberId = "m"
        }.encodeVersioned(version: 8)
        let current = try CurrentMemberAssignmentValue.with {
            $0.assignedPartitions = [.with { $0.partitions = [1] }]
        }.encodeVersioned(version: 0)
        let assignment = InternalRecord.offsets(try Self.record(member, current))
        #expect(
            assignment.payload?.contains(
                #""assignedPartitions":[{"topicId":"AAAAAAAAAAAAAAAAAAAAAA","partitions":[1]}]"#) == true)
    }

    /// Tagged fields stand where Kafka's definition has them, among the others.
    @Test func aTransactionIsReadInKafkasOrder() throws {
        let key = try TransactionLogKey.with { $0.transactionalId = "x" }.encodeVersioned(version: 0)
        let value = try TransactionLogValue.with {
            $0.producerId = 1
            $0.previousProducerId = 2
            $0.clientTransactionVersion = 2
        }.encodeVersioned(version: 1)
        let shown = InternalRecord.transactions(try Self.record(key, value))
        #expect(shown.key == #"{"type":"0","data":{"transactionalId":"x"}}"#)
        #expect(
            shown.payload == #"{"version":"1","data":{"producerId":1,"previousProducerId":2,"producerEpoch":0,"#
                + #""transactionTimeoutMs":0,"transactionStatus":0,"transactionPartitions":null,"#
                + #""transactionLastUpdateTimestampMs":0,"transactionStartTimestampMs":-1,"clientTransactionVersion":2}}"#
        )
    }

    @Test(
        arguments: [
            ([0, 99], "Unknown record type 99 at offset 7, skipping."), ([0], "Error at offset 7, skipping. "),
            ([0, 1, 0], "Error at offset 7, skipping. "), (nil, "Error at offset 7, skipping. "),
        ] as [([UInt8]?, String)])
    func whatIsNoRecordIsPassedOver(key: [UInt8]?, start: String) throws {
        let shown = InternalRecord.offsets(try Self.record(key, [0, 3]))
        #expect(shown.key?.hasPrefix(start) == true && shown.payload == nil)
        _ = InternalRecord.transactions(try Self.record(key, [0]))
        #expect(InternalRecord.metadata(try Self.record(nil, key)).payload?.hasPrefix("Error at 7, skipping. ") == true)
    }

    // MARK: - The program

    @Test func aBrokersFilesAreRead() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kw-dump-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.dataDirectory = folder
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<3 { try await producer.send(ProducerRecord(topic: "t", key: "k", value: "v\(number)")) }
        try await producer.close()
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        _ = try await admin.alterGroupOffsets(of: "g", [TopicPartition("t", 0): .init(offset: 2)]).get()
        await admin.close()
        await broker.stop()

        func log(_ topic: String) throws -> String {
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(topic)-0")
            return "\(folder)/\(topic)-0/" + (try #require(files.filter { $0.hasSuffix(".log") }.sorted().first))
        }
        let file = try log("t")
        let plain = try await Running.kw(["dump-log", "--files", file])
        let lines = plain.output.split(separator: "\n")
        #expect(plain.status == 0 && plain.error.isEmpty && lines[0] == "Dumping \(file)")
        #expect(lines[1] == "Log starting offset: 0" && lines.dropFirst(2).allSatisfy { $0.hasPrefix("baseOffset: ") })
        let deep = try await Running.kw(["kafka-dump-log.sh", "--files", file, "--print-data-log"])
        #expect(deep.output.split(separator: "\n").filter { $0.hasPrefix("| offset: ") }.count == 3)
        #expect(deep.output.contains(" key: k payload: v2"))
        let offsets = try await Running.kw(["dump-log", "--offsets-decoder", "--files", try log("__consumer_offsets")])
        #expect(
            offsets.output.contains(
                #"key: {"type":"1","data":{"group":"g","topic":"t","partition":0}} payload: {"version":"#))
        let metadata = try await Running.kw(
            [
                "dump-log", "--cluster-metadata-decoder", "--skip-record-metadata", "--files",
                try log("__cluster_metadata"),
            ])
        #expect(
            metadata.output.contains(#"| payload: {"type":"TOPIC_RECORD","version":0,"data":{"name":"t","topicId":""#))
        let several = try await Running.kw(["dump-log", "--files", "\(file),\(folder)/nope/00000000000000000000.log"])
        #expect(several.status == 1 && several.output.contains("baseOffset: 0") && several.error.contains("nope"))
    }

    @Test(arguments: [
        ["--share-group-state-decoder"], ["--remote-log-metadata-decoder"], ["--value-decoder-class", "a.b.Custom"],
        ["--max-bytes", "0"],
    ]) func whatIsMissingSaysSo(arguments: [String]) async throws {
        let outcome = try await Running.kw(["dump-log", "--files", "0.log"] + arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty && !outcome.error.isEmpty)
    }

    /// A broker cuts its files while they are read: what is gone is no entry and no batch.
    @Test func whatIsCutMeanwhileIsNotThere() throws {
        let name = FileManager.default.temporaryDirectory.appending(path: "kw-dump-\(UUID()).index").path
        try Data([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9]).write(to: URL(fileURLWithPath: name))
        defer { try? FileManager.default.removeItem(atPath: name) }
        let file = try LogFile(name)
        defer { file.close() }
        #expect(try file.entry(at: 8, of: .offsets) == [0, 0, 0, 2, 0, 0, 0, 9])
        #expect(try file.entry(at: 16, of: .offsets) == nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: name))
        try handle.truncate(atOffset: 12)
        try handle.close()
        #expect(file.size == 16)
        #expect(try file.entry(at: 0, of: .offsets) != nil)
        #expect(try file.entry(at: 8, of: .offsets) == nil)
        #expect(try file.batch(at: 0) == nil)
    }

    @Test func bytesThatAreNoBatchAreCounted() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kw-dump-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let batch = try Self.batch(key: nil, value: [1], offset: 4)
        let name = folder + "/00000000000000000004.log"
        try Data(batch.bytes.copy() + [0, 0, 0, 0, 0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 2]).write(
            to: URL(fileURLWithPath: name))
        let outcome = try await Running.kw(["dump-log", "--deep-iteration", "--files", name])
        #expect(
            outcome.status == 0
                && outcome.output.contains("Found 17 invalid bytes at the end of 00000000000000000004.log"))
        #expect(
            outcome.error.contains("Non-consecutive offsets in \(name)")
                && outcome.error.contains("  -1 is followed by 4"))
        // An index that leads to the batch, and one that does not.
        for (offset, isRight) in [(UInt8(0), true), (1, false)] {
            let index = folder + "/00000000000000000004.index"
            try Data([0, 0, 0, offset, 0, 0, 0, 0]).write(to: URL(fileURLWithPath: index))
            let shown = try await Running.kw(["dump-log", "--files", index])
            #expect(shown.output.contains("offset: \(4 + offset) position: 0"))
            #expect(shown.error.contains("Mismatches in :") != isRight)
        }
    }
}

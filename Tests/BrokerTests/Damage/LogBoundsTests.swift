import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What each log holds is written once for a turn's appends.
@Suite(.turn) struct LogBoundsTests {
    private let temporary = TemporaryFolder()

    private func key(_ number: Int) -> LogBounds.Key {
        LogBounds.Key(topicId: TopicID(Uuid(high: 1, low: 2)), partition: PartitionID(index: number))
    }

    private func bounds(_ end: Int) -> LogBounds.Bounds {
        LogBounds.Bounds(start: 1, end: Offset(Int64(end)), size: end * 10)
    }

    /// What stands in the file, as the next broker would read it.
    private func found() throws -> [LogBounds.Key: LogBounds.Bounds] {
        try LogBounds(Folder(temporary.path), FilePool(), wasStopped: true).found
    }

    @Test(arguments: [[0], [6], [1, 2, 3], [0, 2, 3, 6], [5, 1, 3], [6, 5, 4, 3, 2, 1, 0]])
    func whatIsNotedStandsInTheFileOnceItIsSaved(noted: [Int]) throws {
        let file = try LogBounds(Folder(temporary.path), FilePool(), wasStopped: true)
        file.begin()
        let places = try (0..<7).map { try #require(file.place(of: key($0))) }
        for number in noted {
            // The last note of a turn counts.
            file.note(bounds(number + 1), of: key(number), at: places[number])
            file.note(bounds(number + 100), of: key(number), at: places[number])
        }
        #expect(try found().isEmpty)
        file.save()
        let expected = Dictionary(uniqueKeysWithValues: noted.map { (key($0), bounds($0 + 100)) })
        #expect(try found() == expected)
        file.save()
        #expect(try found() == expected)
    }

    @Test func whatIsForgottenIsNotWrittenAnyMore() throws {
        let file = try LogBounds(Folder(temporary.path), FilePool(), wasStopped: true)
        file.begin()
        for number in 0..<3 {
            file.note(bounds(number + 1), of: key(number), at: try #require(file.place(of: key(number))))
        }
        file.forget(key(1))
        file.save()
        #expect(try Set(found().keys) == [key(0), key(2)])
        // Another log has the place.
        file.note(bounds(9), of: key(7), at: try #require(file.place(of: key(7))))
        file.save()
        #expect(try found()[key(7)] == bounds(9) && found().count == 3)
    }
}

import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The coordinator as a value: every state against every request, then what goes over time.
@Suite(.turn) struct TransactionCoordinatorTests {
    private static let start = Instant(nanoseconds: 0)
    private static let partition = TopicPartition("t", 0)

    private func coordinator(limit: Int = 100) -> TransactionCoordinator {
        TransactionCoordinator(maximumTimeout: .seconds(900), expiration: .seconds(3600), limit: limit)
    }

    /// Somebody whom the coordinator knows as `x`, in that state. An earlier owner had the epoch before.
    private func coordinator(in state: Transaction.State, isVersion2: Bool) throws -> TransactionCoordinator {
        var coordinator = coordinator()
        func begin() throws -> ProducerIdentity {
            try coordinator.initialize("x", asked: nil, timeout: .seconds(60), now: Self.start)
        }
        _ = try begin()
        let producer = try begin()
        if state == .empty { return coordinator }
        try coordinator.add([Self.partition], to: "x", of: producer, isVersion2: isVersion2, now: Self.start)
        if state == .ongoing { return coordinator }
        let commit = state == .prepareCommit || state == .completeCommit
        _ = try coordinator.end("x", of: producer, commit: commit, isVersion2: isVersion2, now: Self.start)
        if !state.isPreparing { coordinator.complete("x", now: Self.start) }
        return coordinator
    }

    /// What is asked, of the current producer unless its name says otherwise: the epoch before, another producer id.
    enum Ask: String, CaseIterable, Sendable {
        case initialize
        case bump
        case bumpOld
        case bumpStranger
        case add
        case addOld
        case addStranger
        case verify
        case commit
        case abort
        case commitOld
        case abortOld
        case commitStranger
    }

    private func run(_ ask: Ask, _ coordinator: inout TransactionCoordinator, isVersion2: Bool) throws -> String {
        let before = try #require(coordinator.transactions["x"])
        let current = before.producer
        let old = ProducerIdentity(id: current.id, epoch: ProducerEpoch(current.epoch.rawValue - 1))
        let stranger = ProducerIdentity(id: 4711, epoch: current.epoch)
        let now = Self.start
        func initialize(_ asked: ProducerIdentity?) throws -> ProducerIdentity {
            try coordinator.initialize("x", asked: asked, timeout: .seconds(60), now: now)
        }
        func add(_ producer: ProducerIdentity) throws -> ProducerIdentity {
            try coordinator.add([Self.partition], to: "x", of: producer, isVersion2: isVersion2, now: now)
            return producer
        }
        func end(_ producer: ProducerIdentity, _ commit: Bool) throws -> ProducerIdentity {
            try coordinator.end("x", of: producer, commit: commit, isVersion2: isVersion2, now: now)
        }
        var text: String
        do {
            let answer: ProducerIdentity
            switch ask {
            case .initialize: answer = try initialize(nil)
            case .bump: answer = try initialize(current)
            case .bumpOld: answer = try initialize(old)
            case .bumpStranger: answer = try initialize(stranger)
            case .add: answer = try add(current)
            case .addOld: answer = try add(old)
            case .addStranger: answer = try add(stranger)
            case .verify:
                try coordinator.verify(.init("t", 1), in: "x", of: current)
                answer = current
            case .commit: answer = try end(current, true)
            case .abort: answer = try end(current, false)
            case .commitOld: answer = try end(old, true)
            case .abortOld: answer = try end(old, false)
            case .commitStranger: answer = try end(stranger, true)
            }
            text = "ok"
            if answer != current { text += " +\(answer.epoch.rawValue - current.epoch.rawValue)" }
        } catch let refusal as TransactionRefusal {
            text = refusal.code.name
        }
        let after = try #require(coordinator.transactions["x"])
        if after.state != before.state { text += " → \(after.state.rawValue)" }
        return text
    }

    private static let fenced = "PRODUCER_FENCED"
    private static let busy = "CONCURRENT_TRANSACTIONS"
    private static let wrong = "INVALID_TXN_STATE"
    private static let unknown = "INVALID_PRODUCER_ID_MAPPING"
    private static let missing = "TRANSACTION_ABORTABLE"

    /// In the order of ``Ask``. From KIP-98, KIP-360 and, for version 2, KIP-890.
    private static let version1: [(Transaction.State, [String])] = [
        (
            .empty,
            [
                "ok +1", "ok +1", fenced, fenced, "ok → Ongoing", fenced, unknown, missing, wrong, wrong, fenced,
                fenced,
                unknown,
            ]
        ),
        (
            .ongoing,
            [
                busy + " → PrepareAbort", busy + " → PrepareAbort", busy + " → PrepareAbort", fenced, "ok", fenced,
                unknown, missing, "ok → PrepareCommit", "ok → PrepareAbort", fenced, fenced, unknown,
            ]
        ),
        (
            .prepareCommit,
            [busy, busy, busy, fenced, busy, fenced, unknown, busy, busy, wrong, fenced, fenced, unknown]
        ),
        (.prepareAbort, [busy, busy, busy, fenced, busy, fenced, unknown, busy, wrong, busy, fenced, fenced, unknown]),
        (
            .completeCommit,
            [
                "ok +1 → Empty", "ok +1 → Empty", fenced, fenced, "ok → Ongoing", fenced, unknown, missing, "ok", wrong,
                fenced, fenced, unknown,
            ]
        ),
        (
            .completeAbort,
            [
                "ok +1 → Empty", "ok +1 → Empty", fenced, fenced, "ok → Ongoing", fenced, unknown, missing, wrong, "ok",
                fenced, fenced, unknown,
            ]
        ),
    ]

    /// As above. Behind an end the producer's epoch is a new one: "old" is then whoever did not get the answer.
    private static let version2: [(Transaction.State, [String])] = [
        (
            .empty,
            [
                "ok +1", "ok +1", fenced, fenced, "ok → Ongoing", fenced, unknown, missing, wrong,
                "ok +1 → PrepareAbort", fenced, fenced, unknown,
            ]
        ),
        (
            .ongoing,
            [
                busy + " → PrepareAbort", busy + " → PrepareAbort", busy + " → PrepareAbort", fenced, "ok", fenced,
                unknown, missing, "ok +1 → PrepareCommit", "ok +1 → PrepareAbort", fenced, fenced, unknown,
            ]
        ),
        (
            .prepareCommit,
            [busy, busy, busy, fenced, busy, fenced, unknown, busy, fenced, fenced, busy, wrong, unknown]
        ),
        (.prepareAbort, [busy, busy, busy, fenced, busy, fenced, unknown, busy, fenced, fenced, wrong, busy, unknown]),
        (
            .completeCommit,
            [
                "ok +1 → Empty", "ok +1 → Empty", "ok → Empty", fenced, "ok → Ongoing", fenced, unknown, missing, wrong,
                "ok +1 → PrepareAbort", "ok", wrong, unknown,
            ]
        ),
        (
            .completeAbort,
            [
                "ok +1 → Empty", "ok +1 → Empty", "ok → Empty", fenced, "ok → Ongoing", fenced, unknown, missing, wrong,
                "ok +1 → PrepareAbort", fenced, "ok", unknown,
            ]
        ),
    ]

    @Test(arguments: [false, true]) func everyStateAnswersEveryRequest(isVersion2: Bool) throws {
        let table = isVersion2 ? Self.version2 : Self.version1
        #expect(table.map(\.0) == Transaction.State.allCases)
        for (state, row) in table {
            #expect(row.count == Ask.allCases.count)
            for (ask, wanted) in zip(Ask.allCases, row) {
                var coordinator = try coordinator(in: state, isVersion2: isVersion2)
                #expect(coordinator.transactions["x"]?.state == state)
                let found = try run(ask, &coordinator, isVersion2: isVersion2)
                #expect(found == wanted, "\(ask) in \(state.rawValue)")
            }
        }
    }

    private func code(_ body: () throws -> Void) -> ErrorCode {
        do {
            try body()
            return .none
        } catch {
            return (error as? TransactionRefusal)?.code ?? .unknownServerError
        }
    }

    @Test func requestsOfNobodyAreRefused() {
        var coordinator = coordinator()
        let nobody = ProducerIdentity(id: 0, epoch: 0)
        let now = Self.start
        #expect(
            code { try coordinator.add([Self.partition], to: "x", of: nobody, now: now) } == .invalidProducerIdMapping)
        #expect(code { try coordinator.verify(Self.partition, in: "x", of: nobody) } == .invalidProducerIdMapping)
        #expect(
            code { _ = try coordinator.end("x", of: nobody, commit: true, isVersion2: true, now: now) }
                == .invalidProducerIdMapping)
        #expect(code { try coordinator.add([Self.partition], to: "", of: nobody, now: now) } == .invalidRequest)
        for (timeout, wanted) in [
            (Duration.zero, ErrorCode.invalidTransactionTimeout), (.seconds(901), .invalidTransactionTimeout),
            (.seconds(900), .none), (.seconds(-1), .invalidTransactionTimeout),
        ] {
            #expect(code { _ = try coordinator.initialize("y", asked: nil, timeout: timeout, now: now) } == wanted)
        }
        #expect(
            code { _ = try coordinator.initialize("", asked: nil, timeout: .seconds(1), now: now) } == .invalidRequest)
    }

    @Test(arguments: [false, true]) func theEndIsToldToPartitionsAndGroups(commit: Bool) throws {
        for isVersion2 in [false, true] {
            var coordinator = coordinator()
            let producer = try coordinator.initialize("x", asked: nil, timeout: .seconds(60), now: Self.start)
            let other = TopicPartition("a", 3)
            try coordinator.add(
                [Self.partition, other], groups: ["g"], to: "x", of: producer, isVersion2: isVersion2, now: Self.start)
            #expect(coordinator.takeMarkers().isEmpty)
            let next = try coordinator.end("x", of: producer, commit: commit, isVersion2: isVersion2, now: Self.start)
            #expect(next == .init(id: producer.id, epoch: isVersion2 ? 1 : 0))
            #expect(
                coordinator.takeMarkers() == [
                    .init(
                        transactionalId: "x", producer: next, commit: commit, partitions: [other, Self.partition])
                ])
            coordinator.complete("x", now: Self.start)
            #expect(coordinator.takeMarkers().isEmpty)
            #expect(coordinator.transactions["x"]?.partitions == [] && coordinator.transactions["x"]?.groups == [])
        }
    }

    /// A producer that lost the answer to its request for a new epoch gets the same one again (KIP-360).
    @Test func aBumpMayBeAskedForTwice() throws {
        var coordinator = coordinator()
        func bump(_ asked: ProducerIdentity?) throws -> ProducerIdentity {
            try coordinator.initialize("x", asked: asked, timeout: .seconds(60), now: Self.start)
        }
        let first = try bump(nil)
        let second = try bump(first)
        #expect(second == .init(id: first.id, epoch: 1))
        #expect(try bump(first) == second)
        // Somebody else takes over: from then on both are fenced.
        let third = try bump(nil)
        #expect(third.epoch == 2)
        #expect(code { _ = try bump(first) } == .producerFenced)
        #expect(code { _ = try bump(second) } == .producerFenced)
    }

    @Test(arguments: [false, true]) func afterTheLastEpochComesAnotherId(isVersion2: Bool) throws {
        var coordinator = coordinator()
        let now = Self.start
        var producer = try coordinator.initialize("x", asked: nil, timeout: .seconds(60), now: now)
        let id = producer.id
        while producer.epoch < ProducerEpoch(.max - 1) {
            producer = try coordinator.initialize("x", asked: producer, timeout: .seconds(60), now: now)
        }
        #expect(producer.id == id)
        guard isVersion2 else {
            let next = try coordinator.initialize("x", asked: producer, timeout: .seconds(60), now: now)
            #expect(next.id != id && next.epoch == 0)
            #expect(try coordinator.initialize("x", asked: producer, timeout: .seconds(60), now: now) == next)
            return
        }
        try coordinator.add([Self.partition], to: "x", of: producer, isVersion2: true, now: now)
        let next = try coordinator.end("x", of: producer, commit: true, isVersion2: true, now: now)
        #expect(next.id != id && next.epoch == 0)
        #expect(coordinator.takeMarkers().first?.producer == .init(id: id, epoch: .init(.max)))
        // The answer may be lost before and after the markers are written.
        #expect(
            code { _ = try coordinator.end("x", of: producer, commit: true, isVersion2: true, now: now) }
                == .concurrentTransactions)
        coordinator.complete("x", now: now)
        #expect(try coordinator.end("x", of: producer, commit: true, isVersion2: true, now: now) == next)
        try coordinator.add([Self.partition], to: "x", of: next, isVersion2: true, now: now)
    }

    @Test(arguments: [false, true]) func aLateTransactionIsAbortedAndItsProducerFenced(isVersion2: Bool) throws {
        var coordinator = coordinator()
        let producer = try coordinator.initialize("x", asked: nil, timeout: .seconds(60), now: Self.start)
        let began = Self.start + .seconds(5)
        try coordinator.add([Self.partition], to: "x", of: producer, isVersion2: isVersion2, now: began)
        try coordinator.add([Self.partition], to: "x", of: producer, isVersion2: isVersion2, now: began + .seconds(50))
        coordinator.tick(now: began + .milliseconds(59_999))
        #expect(coordinator.transactions["x"]?.state == .ongoing)
        #expect(coordinator.nextDeadline == began + .seconds(60))
        let late = began + .seconds(60)
        coordinator.tick(now: late)
        let markers = coordinator.takeMarkers()
        #expect(markers.map(\.commit) == [false] && markers.map(\.producer.epoch) == [1])
        coordinator.complete("x", now: late)
        #expect(coordinator.transactions["x"]?.state == .completeAbort)
        #expect(code { try coordinator.add([Self.partition], to: "x", of: producer, now: late) } == .producerFenced)
        #expect(
            code { _ = try coordinator.end("x", of: producer, commit: true, isVersion2: isVersion2, now: late) }
                == .producerFenced)
        // With version 2 an abort goes on under the new epoch, as if it were sent again.
        #expect(
            code { _ = try coordinator.end("x", of: producer, commit: false, isVersion2: isVersion2, now: late) }
                == (isVersion2 ? .none : .producerFenced))
    }

    @Test func idsAreForgotten() throws {
        var coordinator = coordinator()
        let producer = try coordinator.initialize("x", asked: nil, timeout: .seconds(60), now: Self.start)
        coordinator.tick(now: Self.start + .milliseconds(3_599_999))
        #expect(coordinator.transactions["x"] != nil)
        coordinator.tick(now: Self.start + .seconds(3600))
        #expect(coordinator.transactions.isEmpty && coordinator.nextDeadline == nil)
        #expect(
            code { try coordinator.add([Self.partition], to: "x", of: producer, now: Self.start) }
                == .invalidProducerIdMapping)
    }

    @Test func thereIsALimitOfIds() throws {
        var coordinator = coordinator(limit: 3)
        var producers: [ProducerIdentity] = []
        for index in 0..<3 {
            let now = Self.start + .seconds(index)
            producers.append(try coordinator.initialize("\(index)", asked: nil, timeout: .seconds(60), now: now))
        }
        try coordinator.add([Self.partition], to: "0", of: producers[0], now: Self.start)
        _ = try coordinator.initialize("3", asked: nil, timeout: .seconds(60), now: Self.start + .seconds(9))
        #expect(coordinator.transactions.keys.sorted() == ["0", "2", "3"])
    }
}

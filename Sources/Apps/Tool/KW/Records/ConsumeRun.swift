import AppSupport
import ArgumentParser
import KafkaWire
import RecordText
import ToolKit

/// One run of `kw consume`: takes what the consumer gives, prints it, and knows when to end.
struct ConsumeRun {
    private let renderer: any RecordRenderer
    /// Who makes text of what is written by a registry's schemas, where one is named.
    private var desk: SchemaDesk?
    private let tool: Tool
    private let limit: Int
    private let end: Offset?
    private let exitsAtEnd: Bool
    private let skipsFailures: Bool
    private let timeout: Duration?
    private let tellsShutdown: Bool

    private var count = 0
    private var out: [UInt8] = []
    /// The partitions that are read, of those that come to an end somewhere: what is left of them.
    private var open: Set<TopicPartition> = []
    /// Partitions of which no more is printed.
    private var done: Set<TopicPartition> = []
    private var failure: ToolFailure?

    init(_ renderer: any RecordRenderer, _ desk: SchemaDesk?, _ tool: Tool, _ command: ConsumeCommand) {
        self.renderer = renderer
        self.desk = desk
        self.tool = tool
        limit = command.maxMessages < 0 ? .max : command.maxMessages
        end = command.toOffset.map { Offset($0) }
        exitsAtEnd = command.exitAtEnd
        skipsFailures = command.skipMessageOnError
        // As in Kafka, a negative time is none.
        timeout = command.timeoutMs.flatMap { $0 < 0 ? nil : .milliseconds($0) }
        tellsShutdown = command.enableSystestEvents
        out.reserveCapacity(1 << 20)
    }

    mutating func perform(_ plan: ConsumePlan) async throws {
        let configuration = plan.configuration
        let cluster = try Cluster(configuration.client)
        let consumer = try KafkaConsumer(configuration, cluster: cluster)
        var error: KafkaError?
        do throws(KafkaError) {
            // Said at once, and not tried for ever: nothing was consumed yet.
            try await cluster.refresh([])
            if case .partitions(let starts) = configuration.source { try await check(starts.keys, cluster) }
            try await consume(consumer, configuration)
        } catch let failure {
            error = failure
        }
        // What was printed and is not committed comes again: whoever counts on the status has to know.
        if let failure = await consumer.close() { error = error ?? failure }
        tool.console.flush()
        if tellsShutdown {
            tool.console.line("shutdown_complete")
            tool.console.flush()
        }
        if error == nil || count > 0, !tool.console.outputIsClosed {
            tool.console.note("Processed a total of \(count) messages")
        }
        if let failure { throw failure }
        if let error { throw error }
    }

    /// A partition that the topic has not is a mistake; a topic that is not there may come.
    private func check(_ partitions: some Sequence<TopicPartition>, _ cluster: Cluster) async throws(KafkaError) {
        for one in partitions {
            try await cluster.refresh([one.topic])
            guard let topic = await cluster.metadata.topics[one.topic], topic.error == .none,
                !topic.partitions.isEmpty, one.partition.index >= topic.partitions.count
            else { continue }
            throw KafkaError(
                .invalidRequest,
                "topic \(one.topic) has partitions 0 to \(topic.partitions.count - 1), and no partition \(one.partition)",
                topic: one.topic, partition: one.partition)
        }
    }

    private mutating func consume(
        _ consumer: KafkaConsumer, _ configuration: KafkaConsumer.Configuration
    ) async throws(KafkaError) {
        guard limit > 0 else { return }
        if case .partitions(let starts) = configuration.source { open = Set(starts.keys) }
        let (shutdown, timeout) = (tool.shutdown, timeout)
        let watch = IdleWatch(on: consumer.loop)
        let stopper = Task {
            await shutdown.wait()
            await consumer.stop()
        }
        let idler = Task {
            guard let timeout else { return }
            await watch.wait(timeout)
            await consumer.stop()
        }
        defer {
            stopper.cancel()
            idler.cancel()
        }
        var isInGroup = false
        if case .group = configuration.source { isInGroup = true }
        // Where there is nothing to say, nothing is kept to be committed.
        let commits = isInGroup && configuration.autoCommit != nil
        var last: (partition: TopicPartition, next: Offset)?
        for try await event in consumer.events {
            // The batch before counts as processed now.
            last = nil
            switch event {
            case .batch(let batch):
                let next = await print(batch)
                if commits { last = (batch.source, next) }
                if next < batch.nextOffset, !isFinished, !tool.shutdown.isRequested {
                    // Its end was reached; nothing more of it is printed.
                    done.insert(batch.source)
                }
                watch.touch()
            case .assigned(let offsets):
                open.formUnion(offsets.keys)
                // Another member of the group has them all.
                if exitsAtEnd, open.isEmpty { return }
            case .revoked(let revoked): open.subtract(revoked.partitions)
            case .lost(let partitions): open.subtract(partitions)
            case .reachedEnd(let partition, _):
                open.remove(partition)
                if exitsAtEnd, open.isEmpty { return try await commit(last, consumer) }
            case .reset(_, _, let offset, let error):
                tool.console.flush()
                tool.complain("\(error.message); reading goes on at offset \(offset)")
            case .trouble(let error):
                tool.console.flush()
                if exitsAtEnd, open.isEmpty, error.code.broker == .unknownTopicOrPartition { throw error }
                tool.complain(error.message)
            case .recovered: tool.complain("it works again")
            }
            if isFinished || tool.shutdown.isRequested { return try await commit(last, consumer) }
        }
    }

    private var isFinished: Bool { count >= limit || failure != nil || end != nil && !done.isEmpty && open.isEmpty }

    /// Commits what was printed of the last batch; earlier ones the consumer commits by itself.
    private func commit(
        _ last: (partition: TopicPartition, next: Offset)?, _ consumer: KafkaConsumer
    ) async throws(KafkaError) {
        guard let last else { return }
        try await consumer.commit([last.partition: CommittedOffset(offset: last.next)])
    }

    // MARK: - Printing

    /// Prints a batch, and gives the offset behind what was printed.
    private mutating func print(_ batch: ConsumerBatch) async -> Offset {
        guard !done.contains(batch.source) else { return batch.nextOffset }
        out.removeAll(keepingCapacity: true)
        defer {
            tool.console.write(buffer: out)
            // What came is shown at once; the next batch may be long in coming.
            tool.console.flush()
        }
        if desk == nil, count <= limit - batch.count, end == nil || end.map({ batch.nextOffset <= $0 }) == true,
            renderer.render(whole: batch, into: &out)
        {
            count += batch.count
            finishIfAtEnd(batch)
            return batch.nextOffset
        }
        for record in batch {
            if let end, record.offset >= end {
                open.remove(batch.source)
                done.insert(batch.source)
                return record.offset
            }
            guard count < limit, let shown = await shown(record, of: batch.source) else { return record.offset }
            count += 1
            let before = out.count
            do throws(RenderFailure) { try renderer.render(shown, of: batch.source, into: &out) } catch {
                out.removeSubrange(before...)
                let sentence = "\(batch.source), offset \(record.offset): \(error)"
                guard skipsFailures else {
                    failure = ToolFailure(sentence)
                    return record.offset
                }
                tool.complain(sentence)
            }
            // Values may be large, and the reader may be gone.
            if out.count > 1 << 20 {
                empty()
                if tool.shutdown.isRequested { return record.offset.next }
            }
        }
        finishIfAtEnd(batch)
        return batch.nextOffset
    }

    private mutating func empty() {
        tool.console.write(buffer: out)
        out.removeAll(keepingCapacity: true)
    }

    /// The record as it is printed; nil where it is not, since the registry gives no schemas or the end was requested meanwhile.
    private mutating func shown(_ record: Record, of source: TopicPartition) async -> ShownRecord? {
        let plain = ShownRecord(record)
        guard desk != nil else { return plain }
        if desk?.mustAsk(for: plain) == true {
            // What came before is seen meanwhile.
            empty()
            tool.console.flush()
        }
        do throws(ToolFailure) { return try await desk?.shown(plain, of: source) } catch {
            failure = error
            return nil
        }
    }

    private mutating func finishIfAtEnd(_ batch: ConsumerBatch) {
        guard let end, batch.nextOffset >= end else { return }
        open.remove(batch.source)
        done.insert(batch.source)
    }
}

/// Since when nothing has come.
private final class IdleWatch: Sendable {
    private let loop: any EventLoop
    private let last: Locked<Instant>

    init(on loop: any EventLoop) {
        self.loop = loop
        last = Locked(loop.now)
    }

    func touch() {
        let now = loop.now
        last.withLock { $0 = now }
    }

    /// Returns when nothing came for that long, or the task is cancelled.
    func wait(_ timeout: Duration) async {
        while !Task.isCancelled {
            let due = last.withLock { $0 } + timeout
            guard loop.now < due else { return }
            try? await loop.sleep(until: due)
        }
    }
}

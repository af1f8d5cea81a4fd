import KafkaWire

/// Where a group begins that is to begin at a time: what it has not committed of the topic is committed there before its first
/// member comes, as `kafka-consumer-groups --reset-offsets --to-datetime` does. Partitions that are made later are newer than that,
/// and read from their beginning.
struct StartPositions: Sendable {
    let group: String
    let topic: String
    /// In milliseconds since 1970.
    let time: Int64
    let client: ClientConfiguration

    /// Commits what is not. A group that has members has begun.
    func commit(by admin: KafkaAdmin) async throws(KafkaError) {
        let committed = try await admin.committedOffsets(of: group)
        guard let found = try await places(by: admin) else { return }
        let starts = found.filter { committed[$0.key] == nil }.mapValues { CommittedOffset(offset: $0) }
        guard !starts.isEmpty else { return }
        let outcome = await admin.alterGroupOffsets(of: group, starts)
        for partition in starts.keys.sorted() {
            guard case .failure(let error)? = outcome[partition] else { continue }
            if error.code == .broker(.unknownMemberId) { return }
            throw error
        }
    }

    /// The first offset of that time in each partition, or where its log ends; nil where there is no such topic yet.
    private func places(by admin: KafkaAdmin) async throws(KafkaError) -> [TopicPartition: Offset]? {
        do throws(KafkaError) {
            let found = try await admin.offsets(of: topic, at: time)
            var places = found.compactMapValues { $0 }
            guard places.count < found.count else { return places }
            let ends = try await admin.endOffsets(of: topic).sorted { $0.key < $1.key }
            for (partition, end) in ends where places[partition] == nil {
                places[partition] = end
            }
            return places
        } catch {
            guard error.code == .broker(.unknownTopicOrPartition) else { throw error }
            return nil
        }
    }
}

extension AgentRun {
    /// Sees to it that the group begins where it is to begin, for as long as that takes. False where it is to end, or cannot begin.
    func begin() async -> Bool {
        guard let start else { return true }
        var hasBegun = false
        do throws(KafkaError) {
            let admin = try KafkaAdmin(start.client)
            beginning = admin
            hasBegun = try await begin(start, by: admin)
        } catch {
            failure = failure ?? error
        }
        await beginning?.close()
        beginning = nil
        return hasBegun
    }

    private func begin(_ start: StartPositions, by admin: KafkaAdmin) async throws(KafkaError) -> Bool {
        while !isEnding {
            do throws(KafkaError) {
                try await start.commit(by: admin)
                return !isEnding
            } catch {
                if isEnding { break }
                let isFinal = [ErrorCode.groupAuthorizationFailed, .topicAuthorizationFailed].contains {
                    error.code == .broker($0)
                }
                guard !isFinal, KafkaConsumer.mayPass(error) else { throw error }
                if words.isNews(commit: error) { tell(error) }
                do { try await loop.sleep(for: .milliseconds(500)) } catch { break }
            }
        }
        return false
    }

    /// The run is to end; what has not begun is not waited for.
    func stop() async {
        isEnding = true
        await beginning?.close()
        await consumer.stop()
    }
}

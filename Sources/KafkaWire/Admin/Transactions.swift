// Producers and transactions: look at them, and end those that hang (KIP-664).

extension KafkaAdmin {
    /// A producer that a partition remembers.
    public struct ProducerState: Sendable, Equatable {
        /// Its id.
        public var producerId: ProducerID
        /// Its epoch.
        public var producerEpoch: ProducerEpoch
        /// The last sequence number that it wrote, or -1.
        public var lastSequence: Int32
        /// When it wrote last, in milliseconds since 1970; nil where it has not.
        public var lastTimestamp: Int64?
        /// The epoch of the coordinator that has ended its last transaction; nil where none has.
        public var coordinatorEpoch: Int32?
        /// Where its open transaction begins; nil where it has none.
        public var transactionStart: Offset?
    }

    /// The producers of partitions (DescribeProducers, Kafka 2.8), as the leaders know them, or another replica.
    ///
    /// - Parameter broker: The replica to ask; nil is the leader.
    public func describeProducers(
        of partitions: [TopicPartition], at broker: BrokerID? = nil
    ) async -> Results<TopicPartition, [ProducerState]> {
        let call = AdminCall<TopicPartition, DescribeProducersRequest, [ProducerState]>(
            what: "describe the producers of", route: broker.map { .all(.broker($0)) } ?? .leader { $0 },
            subject: { .partition($0) },
            final: broker == nil ? [] : [.notLeaderOrFollower],
            build: { partitions, _ in
                .with {
                    $0.topics = byTopic(partitions) { $0 }.map { topic, partitions in
                        .with {
                            $0.name = topic
                            $0.partitionIndexes = partitions.map(\.partition)
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.topics.flatMap { topic in
                    topic.partitions.map { entry in
                        let producers = entry.activeProducers.map {
                            ProducerState(
                                producerId: $0.producerId,
                                producerEpoch: ProducerEpoch(Int16(clamping: $0.producerEpoch)),
                                lastSequence: $0.lastSequence,
                                lastTimestamp: $0.lastTimestamp < 0 ? nil : $0.lastTimestamp,
                                coordinatorEpoch: $0.coordinatorEpoch < 0 ? nil : $0.coordinatorEpoch,
                                transactionStart: $0.currentTxnStartOffset < 0 ? nil : $0.currentTxnStartOffset)
                        }
                        return AdminReply(
                            TopicPartition(topic.name, entry.partitionIndex), entry.errorCode, entry.errorMessage,
                            producers)
                    }
                }
            })
        return await cluster.perform(call, about: partitions)
    }

    /// A transaction's state, by Kafka's name. Open: brokers may have more.
    public struct TransactionState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's name of the state.
        public var rawValue: String
        /// The state of that name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Kafka's name, such as `Ongoing`.
        public var description: String { rawValue }

        /// The id is known, and no transaction has begun under it.
        public static let empty = TransactionState(rawValue: "Empty")
        /// A transaction has begun and not ended.
        public static let ongoing = TransactionState(rawValue: "Ongoing")
        /// The commit is decided; its markers are being written to the partitions.
        public static let prepareCommit = TransactionState(rawValue: "PrepareCommit")
        /// The abort is decided; its markers are being written to the partitions.
        public static let prepareAbort = TransactionState(rawValue: "PrepareAbort")
        /// The last transaction was committed, and all its markers are written.
        public static let completeCommit = TransactionState(rawValue: "CompleteCommit")
        /// The last transaction was aborted, and all its markers are written.
        public static let completeAbort = TransactionState(rawValue: "CompleteAbort")
        /// The producer's epoch is being raised to fence it, before its transaction is aborted.
        public static let prepareEpochFence = TransactionState(rawValue: "PrepareEpochFence")
    }

    /// A transactional id.
    public struct TransactionDescription: Sendable, Equatable {
        /// The id (`transactional.id`).
        public var id: String
        /// The broker that coordinates it.
        public var coordinator: BrokerID
        /// The state of its last transaction.
        public var state: TransactionState
        /// The id of its producer.
        public var producerId: ProducerID
        /// The epoch of its producer.
        public var producerEpoch: ProducerEpoch
        /// After how long the coordinator aborts (`transaction.timeout.ms`).
        public var timeout: Duration
        /// When its open transaction began, in milliseconds since 1970; nil where it has none.
        public var startTime: Int64?
        /// The partitions in its open transaction, in their order.
        public var partitions: [TopicPartition]
    }

    /// Transactional ids (DescribeTransactions, Kafka 3.0), asked of their coordinators. TRANSACTIONAL_ID_NOT_FOUND: there is
    /// none.
    public func describeTransactions(_ ids: [String]) async -> Results<String, TransactionDescription> {
        let call = AdminCall<String, DescribeTransactionsRequest, TransactionDescription>(
            what: "describe transactional id", route: .each { .transactionCoordinator(id: $0) },
            subject: { .other($0) },
            build: { ids, _ in .with { $0.transactionalIds = ids } },
            read: { response, _, _ in
                response.transactionStates.map { state in
                    let value = TransactionDescription(
                        id: state.transactionalId, coordinator: .none,
                        state: TransactionState(rawValue: state.transactionState),
                        producerId: state.producerId, producerEpoch: state.producerEpoch,
                        timeout: state.transactionTimeoutMs.duration,
                        startTime: state.transactionStartTimeMs < 0 ? nil : state.transactionStartTimeMs,
                        partitions: state.topics.flatMap { topic in
                            topic.partitions.map { TopicPartition(topic.topic, $0) }
                        }.sorted())
                    return AdminReply(state.transactionalId, state.errorCode, nil, value)
                }
            })
        var described = await cluster.perform(call, about: ids)
        // Known since it was asked.
        let coordinators = await cluster.coordinators(of: ids.map { .transactionCoordinator(id: $0) })
        for (id, outcome) in described {
            guard case .success(var value) = outcome,
                case .success(let broker)? = coordinators[.transactionCoordinator(id: id)]
            else { continue }
            value.coordinator = broker
            described[id] = .success(value)
        }
        return described
    }

    /// A transactional id, as lists have it.
    public struct TransactionListing: Sendable, Equatable {
        /// The id (`transactional.id`).
        public var id: String
        /// The broker that coordinates it.
        public var coordinator: BrokerID
        /// The id of its producer.
        public var producerId: ProducerID
        /// The state of its last transaction.
        public var state: TransactionState
    }

    /// The transactional ids of the cluster, in their order (ListTransactions, Kafka 3.0, asked of every broker).
    ///
    /// - Parameters:
    ///   - states: The states wanted; none are all of them.
    ///   - producerIds: The producers wanted; none are all of them.
    ///   - longerThan: Only transactions that are open for longer (KIP-994, Kafka 3.8).
    ///   - pattern: Only ids that match this regular expression (KIP-1152, Kafka 4.1).
    public func listTransactions(
        states: Set<TransactionState> = [], producerIds: Set<ProducerID> = [], longerThan: Duration? = nil,
        pattern: String? = nil
    ) async throws(KafkaError) -> Gathered<TransactionListing> {
        var gathered = try await gather("list transactions") { version throws(KafkaError) in
            guard version >= 1 || longerThan == nil else {
                throw Self.tooOld("filters by duration", api: .listTransactions, since: "3.8")
            }
            guard version >= 2 || pattern == nil else {
                throw Self.tooOld("filters by pattern", api: .listTransactions, since: "4.1")
            }
            return ListTransactionsRequest.with {
                $0.stateFilters = states.map(\.rawValue).sorted()
                $0.producerIdFilters = producerIds.sorted()
                if let longerThan { $0.durationFilter = LongMilliseconds(longerThan) }
                $0.transactionalIdPattern = pattern
            }
        } whole: { response in
            let unknown = response.unknownStateFilters.joined(separator: ", ")
            // A filter that the broker does not know finds nothing, which is not to say that there is nothing.
            let code = unknown.isEmpty || response.errorCode != .none ? response.errorCode : .invalidRequest
            return (code, unknown.isEmpty ? nil : "unknown states: \(unknown)")
        } elements: { response, broker in
            response.transactionStates.map {
                TransactionListing(
                    id: $0.transactionalId, coordinator: broker, producerId: $0.producerId,
                    state: TransactionState(rawValue: $0.transactionState))
            }
        }
        gathered.elements.sort { $0.id < $1.id }
        return gathered
    }

    /// An open transaction in a partition, as ``describeProducers(of:at:)`` tells of it.
    public struct OpenTransaction: Sendable, Hashable {
        /// The partition.
        public var partition: TopicPartition
        /// The id of its producer.
        public var producerId: ProducerID
        /// The epoch of its producer.
        public var producerEpoch: ProducerEpoch
        /// The epoch of the coordinator, or -1 where it has never ended one; it must not be older than the partition knows.
        public var coordinatorEpoch: Int32

        /// An open transaction.
        public init(
            _ partition: TopicPartition, producerId: ProducerID, producerEpoch: ProducerEpoch,
            coordinatorEpoch: Int32 = -1
        ) {
            self.partition = partition
            self.producerId = producerId
            self.producerEpoch = producerEpoch
            self.coordinatorEpoch = coordinatorEpoch
        }
    }

    /// Aborts a transaction that hangs in one partition, as its coordinator knows no more of it (WriteTxnMarkers, asked of
    /// the leader). One that its coordinator still knows is ended with ``fenceProducers(_:)``. Errors are, among others,
    /// INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED and CLUSTER_AUTHORIZATION_FAILED.
    public func abortTransaction(_ transaction: OpenTransaction) async throws(KafkaError) {
        let call = AdminCall<OpenTransaction, WriteTxnMarkersRequest, Void>(
            what: "abort the transaction of producer \(transaction.producerId) in", route: .leader(\.partition),
            subject: { .partition($0.partition) },
            build: { _, _ in
                .with {
                    $0.markers = [
                        .with {
                            $0.producerId = transaction.producerId
                            $0.producerEpoch = transaction.producerEpoch
                            // A coordinator that has never written a marker has the epoch 0.
                            $0.coordinatorEpoch = max(0, transaction.coordinatorEpoch)
                            $0.transactionResult = false
                            $0.topics = [
                                .with {
                                    $0.name = transaction.partition.topic
                                    $0.partitionIndexes = [transaction.partition.partition]
                                }
                            ]
                        }
                    ]
                }
            },
            read: { response, _, _ in
                response.markers.filter { $0.producerId == transaction.producerId }.flatMap(\.topics)
                    .filter { $0.name == transaction.partition.topic }.flatMap(\.partitions)
                    .filter { $0.partitionIndex == transaction.partition.partition }
                    .map { AdminReply(transaction, $0.errorCode) }
            })
        try await cluster.perform(call, about: [transaction])[transaction]?.get()
    }

    /// What a transactional id's producers are now told to be too old against.
    public struct FencedProducer: Sendable, Equatable {
        /// The id of the producer.
        public var producerId: ProducerID
        /// The epoch that the next of them gets.
        public var producerEpoch: ProducerEpoch
    }

    /// Shuts out whoever uses these transactional ids, and aborts their open transactions (InitProducerId, KIP-98), asked of
    /// their coordinators one by one.
    public func fenceProducers(_ ids: [String]) async -> Results<String, FencedProducer> {
        let timeout = timeout
        let call = AdminCall<String, InitProducerIdRequest, FencedProducer>(
            what: "fence the producers of transactional id", route: .each { .transactionCoordinator(id: $0) },
            subject: { .other($0) }, itemsPerRequest: { _ in 1 },
            build: { ids, _ in
                .with {
                    $0.transactionalId = ids.first
                    $0.transactionTimeoutMs = timeout
                }
            },
            whole: { ($0.errorCode, nil) },
            read: { response, ids, _ in
                ids.map {
                    AdminReply(
                        $0, .none, nil,
                        FencedProducer(producerId: response.producerId, producerEpoch: response.producerEpoch))
                }
            })
        return await cluster.perform(call, about: ids)
    }
}

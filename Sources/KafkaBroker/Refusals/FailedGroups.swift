import KafkaWire

// How what is about groups and transactions fails.

extension FindCoordinatorRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> FindCoordinatorResponse {
        .with {
            guard version >= 4 else {
                $0.errorCode = code
                $0.nodeId = -1
                $0.port = -1
                return
            }
            $0.coordinators = coordinatorKeys.map { key in
                .with {
                    $0.key = key
                    $0.nodeId = -1
                    $0.port = -1
                    $0.errorCode = code
                }
            }
        }
    }
}

extension JoinGroupRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> JoinGroupResponse {
        JoinGroupResponse.refusal(code, memberId: memberId).readable(in: version)
    }
}

extension SyncGroupRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> SyncGroupResponse { .refusal(code) }
}

extension LeaveGroupRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> LeaveGroupResponse {
        .with {
            $0.errorCode = code
            guard version >= 3 else { return }
            $0.members = members.map { member in
                .with {
                    $0.memberId = member.memberId
                    $0.groupInstanceId = member.groupInstanceId
                    $0.errorCode = code
                }
            }
        }
    }
}

extension OffsetCommitRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> OffsetCommitResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.topicId = topic.topicId
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partitionIndex = partition.partitionIndex
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension OffsetFetchRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> OffsetFetchResponse {
        .with {
            guard version < 8 else {
                $0.groups = groups.map { group in
                    .with {
                        $0.groupId = group.groupId
                        $0.errorCode = code
                    }
                }
                return
            }
            if version >= 2 { $0.errorCode = code }
            $0.topics = (topics ?? []).map { topic in
                .with {
                    $0.name = topic.name
                    $0.partitions = topic.partitionIndexes.map { index in
                        .with {
                            $0.partitionIndex = index
                            $0.committedOffset = -1
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension OffsetDeleteRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> OffsetDeleteResponse {
        .with {
            $0.errorCode = code
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partitionIndex = partition.partitionIndex
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension DescribeGroupsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeGroupsResponse {
        .with {
            $0.groups = groups.map { id in
                .with {
                    $0.groupId = id
                    $0.errorCode = code
                }
            }
        }
    }
}

extension ConsumerGroupDescribeRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> ConsumerGroupDescribeResponse {
        .with {
            $0.groups = groupIds.map { id in
                .with {
                    $0.groupId = id
                    $0.errorCode = code
                }
            }
        }
    }
}

extension DeleteGroupsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DeleteGroupsResponse {
        .with {
            $0.results = groupsNames.map { id in
                .with {
                    $0.groupId = id
                    $0.errorCode = code
                }
            }
        }
    }
}

extension AddPartitionsToTxnRequest: FailableRequest {
    private typealias FailedTopic = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult

    func failed(_ code: ErrorCode, version: Int16) -> AddPartitionsToTxnResponse {
        func failed(_ topics: [AddPartitionsToTxnTopic]) -> [FailedTopic] {
            topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.resultsByPartition = topic.partitions.map { index in
                        .with {
                            $0.partitionIndex = index
                            $0.partitionErrorCode = code
                        }
                    }
                }
            }
        }
        return .with {
            guard version >= 4 else { return $0.resultsByTopicV3AndBelow = failed(v3AndBelowTopics) }
            $0.errorCode = code
            $0.resultsByTransaction = transactions.map { transaction in
                .with {
                    $0.transactionalId = transaction.transactionalId
                    $0.topicResults = failed(transaction.topics)
                }
            }
        }
    }
}

extension WriteTxnMarkersRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> WriteTxnMarkersResponse {
        .with {
            $0.markers = markers.map { marker in
                .with {
                    $0.producerId = marker.producerId
                    $0.topics = marker.topics.map { topic in
                        .with {
                            $0.name = topic.name
                            $0.partitions = topic.partitionIndexes.map { index in
                                .with {
                                    $0.partitionIndex = index
                                    $0.errorCode = code
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension TxnOffsetCommitRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> TxnOffsetCommitResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partitionIndex = partition.partitionIndex
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension DescribeTransactionsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeTransactionsResponse {
        .with {
            $0.transactionStates = transactionalIds.map { id in
                .with {
                    $0.transactionalId = id
                    $0.errorCode = code
                }
            }
        }
    }
}

extension JoinGroupResponse {
    /// An answer that only says no.
    static func refusal(_ error: ErrorCode, memberId: String) -> JoinGroupResponse {
        .with {
            $0.errorCode = error
            $0.memberId = memberId
            $0.protocolName = nil
        }
    }

    /// The answer as a client of `version` can read it: before v7 a missing protocol is the empty name.
    func readable(in version: Int16) -> JoinGroupResponse {
        guard version < 7, protocolName == nil else { return self }
        var response = self
        response.protocolName = ""
        return response
    }
}

extension SyncGroupResponse {
    /// An answer that only says no.
    static func refusal(_ error: ErrorCode) -> SyncGroupResponse { .with { $0.errorCode = error } }
}

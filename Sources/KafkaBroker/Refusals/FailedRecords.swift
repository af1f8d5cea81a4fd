import KafkaWire

// How what is about topics and their records fails: the code with every partition, or with every topic.

extension ProduceRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> ProduceResponse {
        .with {
            $0.responses = topicData.map { topic in
                .with {
                    $0.name = topic.name
                    $0.topicId = topic.topicId
                    $0.partitionResponses = topic.partitionData.map { partition in
                        .with {
                            $0.index = partition.index
                            $0.errorCode = code
                            $0.baseOffset = -1
                        }
                    }
                }
            }
        }
    }
}

extension FetchRequest: FailableRequest {
    /// Errors of sessions stand at the top, where clients look for them; others with the partitions. Those of a session
    /// are known to the node alone: see ``FetchHandler/fail(_:_:_:_:)``.
    func failed(_ code: ErrorCode, version: Int16) -> FetchResponse {
        .with {
            if topics.allSatisfy(\.partitions.isEmpty), version >= 7 { $0.errorCode = code }
            $0.responses = topics.map { topic in
                .with {
                    $0.topic = topic.topic
                    $0.topicId = topic.topicId
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partitionIndex = partition.partition
                            $0.errorCode = code
                            $0.highWatermark = -1
                        }
                    }
                }
            }
        }
    }
}

extension ListOffsetsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> ListOffsetsResponse {
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

extension MetadataRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> MetadataResponse {
        .with {
            if version >= 13 { $0.errorCode = code }
            $0.topics = (topics ?? []).map { topic in
                .with {
                    $0.errorCode = code
                    $0.name = topic.name ?? (version < 12 ? "" : nil)
                    $0.topicId = topic.topicId
                }
            }
        }
    }
}

extension OffsetForLeaderEpochRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> OffsetForLeaderEpochResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.topic = topic.topic
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partition = partition.partition
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension DeleteRecordsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DeleteRecordsResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.partitions = topic.partitions.map { partition in
                        .with {
                            $0.partitionIndex = partition.partitionIndex
                            $0.lowWatermark = -1
                            $0.errorCode = code
                        }
                    }
                }
            }
        }
    }
}

extension DescribeProducersRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeProducersResponse {
        .with {
            $0.topics = topics.map { topic in
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

extension CreateTopicsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> CreateTopicsResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.errorCode = code
                    $0.errorMessage = nil
                }
            }
        }
    }
}

extension DeleteTopicsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DeleteTopicsResponse {
        .with {
            let asked =
                version >= 6
                ? topics : topicNames.map { name in .with { $0.name = name } }
            $0.responses = asked.map { topic in
                .with {
                    $0.name = topic.name
                    $0.topicId = topic.topicId
                    $0.errorCode = code
                }
            }
        }
    }
}

extension CreatePartitionsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> CreatePartitionsResponse {
        .with {
            $0.results = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.errorCode = code
                }
            }
        }
    }
}

extension DescribeTopicPartitionsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeTopicPartitionsResponse {
        .with {
            $0.topics = topics.map { topic in
                .with {
                    $0.name = topic.name
                    $0.errorCode = code
                }
            }
        }
    }
}

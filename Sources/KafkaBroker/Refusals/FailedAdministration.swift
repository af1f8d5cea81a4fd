import KafkaWire

// How what tools ask for fails: settings, rules, quotas, places of replicas.

extension CreateAclsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> CreateAclsResponse {
        .with { $0.results = creations.map { _ in .with { $0.errorCode = code } } }
    }
}

extension DeleteAclsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DeleteAclsResponse {
        .with { $0.filterResults = filters.map { _ in .with { $0.errorCode = code } } }
    }
}

extension DescribeConfigsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeConfigsResponse {
        .with {
            $0.results = resources.map { resource in
                .with {
                    $0.resourceType = resource.resourceType
                    $0.resourceName = resource.resourceName
                    $0.errorCode = code
                }
            }
        }
    }
}

extension AlterConfigsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> AlterConfigsResponse {
        .with {
            $0.responses = resources.map { resource in
                .with {
                    $0.resourceType = resource.resourceType
                    $0.resourceName = resource.resourceName
                    $0.errorCode = code
                }
            }
        }
    }
}

extension IncrementalAlterConfigsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> IncrementalAlterConfigsResponse {
        .with {
            $0.responses = resources.map { resource in
                .with {
                    $0.resourceType = resource.resourceType
                    $0.resourceName = resource.resourceName
                    $0.errorCode = code
                }
            }
        }
    }
}

extension AlterReplicaLogDirsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> AlterReplicaLogDirsResponse {
        .with {
            $0.results = dirs.flatMap(\.topics).map { topic in
                .with {
                    $0.topicName = topic.name
                    $0.partitions = topic.partitions.map { index in
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

extension DescribeLogDirsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeLogDirsResponse {
        .with {
            if version >= 3 { $0.errorCode = code }
            $0.results = [
                .with {
                    $0.errorCode = code
                    $0.logDir = BrokerConfigs.logDirectory
                }
            ]
        }
    }
}

extension ElectLeadersRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> ElectLeadersResponse {
        .with {
            if version >= 1 { $0.errorCode = code }
            $0.replicaElectionResults = (topicPartitions ?? []).map { topic in
                .with {
                    $0.topic = topic.topic
                    $0.partitionResult = topic.partitions.map { index in
                        .with {
                            $0.partitionId = index
                            $0.errorCode = code
                            $0.errorMessage = nil
                        }
                    }
                }
            }
        }
    }
}

extension AlterPartitionReassignmentsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> AlterPartitionReassignmentsResponse {
        .with {
            $0.errorCode = code
            $0.allowReplicationFactorChange = allowReplicationFactorChange
            $0.responses = topics.map { topic in
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

extension DescribeClientQuotasRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeClientQuotasResponse {
        .with {
            $0.errorCode = code
            $0.entries = nil
        }
    }
}

extension AlterClientQuotasRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> AlterClientQuotasResponse {
        .with {
            $0.entries = entries.map { entry in
                .with {
                    $0.errorCode = code
                    $0.entity = entry.entity.map { part in
                        .with {
                            $0.entityType = part.entityType
                            $0.entityName = part.entityName
                        }
                    }
                }
            }
        }
    }
}

extension AlterUserScramCredentialsRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> AlterUserScramCredentialsResponse {
        .with {
            $0.results = (deletions.map(\.name) + upsertions.map(\.name)).once().sorted().map { user in
                .with {
                    $0.user = user
                    $0.errorCode = code
                }
            }
        }
    }
}

extension CreateDelegationTokenRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> CreateDelegationTokenResponse {
        .with {
            $0.errorCode = code
            $0.principalType = KafkaPrincipal.anonymous.type
            $0.principalName = KafkaPrincipal.anonymous.name
            if version >= 3 {
                $0.tokenRequesterPrincipalType = KafkaPrincipal.anonymous.type
                $0.tokenRequesterPrincipalName = KafkaPrincipal.anonymous.name
            }
            $0.issueTimestampMs = -1
            $0.expiryTimestampMs = -1
            $0.maxTimestampMs = -1
        }
    }
}

extension DescribeQuorumRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> DescribeQuorumResponse {
        .with {
            $0.errorCode = code
            $0.topics = topics.map { topic in
                .with {
                    $0.topicName = topic.topicName
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

extension UpdateFeaturesRequest: FailableRequest {
    func failed(_ code: ErrorCode, version: Int16) -> UpdateFeaturesResponse {
        .with {
            $0.errorCode = code
            guard version < 2 else { return }
            $0.results = featureUpdates.map { update in
                .with {
                    $0.feature = update.feature
                    $0.errorCode = code
                }
            }
        }
    }
}

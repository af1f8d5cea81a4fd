/// What numbers stand for where they are not just numbers: codes, instants, and the -1 that means "none".
enum NumberMeaning {
    /// What `value` means in the field of that name of that structure; nil where there is nothing to say. Also whether
    /// it is a set of ACL operations, a bit each.
    static func of(_ field: String, in structure: String, _ value: Int64) -> (text: String?, isSet: Bool) {
        guard let rule = rules[field] else { return (nil, false) }
        if case .operations = rule { return (operationSet(value), true) }
        return (rule.text(structure, value), false)
    }

    /// Whether the field of that name is a set of ACL operations, a bit each.
    static func isSet(_ field: String) -> Bool {
        if case .operations? = rules[field] { true } else { false }
    }

    /// The bits of a set of ACL operations, by their numbers (`AclOperation` in the Java client).
    static let operations: [Int64: String] = [
        0: "UNKNOWN", 1: "ANY", 2: "ALL", 3: "READ", 4: "WRITE", 5: "CREATE", 6: "DELETE", 7: "ALTER", 8: "DESCRIBE",
        9: "CLUSTER_ACTION", 10: "DESCRIBE_CONFIGS", 11: "ALTER_CONFIGS", 12: "IDEMPOTENT_WRITE", 13: "CREATE_TOKENS",
        14: "DESCRIBE_TOKENS", 15: "TWO_PHASE_COMMIT",
    ]

    private enum Rule: Sendable {
        case names([Int64: String])
        /// Milliseconds since 1970; -1 is none.
        case instant
        case error
        case api
        /// A set of ACL operations, a bit each.
        case operations
        /// It depends on the structure.
        case inside(@Sendable (_ structure: String, _ value: Int64) -> String?)

        func text(_ structure: String, _ value: Int64) -> String? {
            switch self {
            case .names(let names): names[value]
            case .instant: value == -1 ? "none" : Meaning.instant(value)
            case .error: Int16(exactly: value).map { ErrorCode(rawValue: $0).name }
            case .api: Int16(exactly: value).flatMap { API.of(APIKey(rawValue: $0))?.name }
            case .operations: NumberMeaning.operationSet(value)
            case .inside(let meaning): meaning(structure, value)
            }
        }
    }

    private static func operationSet(_ value: Int64) -> String? {
        if value == -2_147_483_648 { return "not asked for" }
        guard let set = Int32(exactly: value) else { return nil }
        let names = (0..<32).filter { set >> $0 & 1 == 1 }.map { operations[Int64($0)] ?? "bit \($0)" }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    private static let rules: [String: Rule] = [
        "errorCode": .error, "topicConfigErrorCode": .error, "partitionErrorCode": .error,
        "acknowledgeErrorCode": .error, "apiKey": .api, "requestApiKey": .api,
        "topicAuthorizedOperations": .operations, "clusterAuthorizedOperations": .operations,
        "authorizedOperations": .operations,

        // Instants.
        "logAppendTimeMs": .instant, "issueTimestamp": .instant, "issueTimestampMs": .instant,
        "expiryTimestamp": .instant, "expiryTimestampMs": .instant, "maxTimestamp": .instant,
        "maxTimestampMs": .instant, "lastTimestamp": .instant, "lastFetchTimestamp": .instant,
        "lastCaughtUpTimestamp": .instant, "transactionStartTimeMs": .instant,
        "timestamp": .inside { structure, value in
            guard structure.hasPrefix("ListOffsets") else { return Rule.instant.text(structure, value) }
            if structure.contains("Response") { return Rule.instant.text(structure, value) }
            return listOffsetsTimes[value] ?? Meaning.instant(value)
        },

        // Reading and writing.
        "acks": .names([-1: "all in-sync replicas", 0: "no answer wanted", 1: "the leader alone"]),
        "isolationLevel": .names([0: "read_uncommitted", 1: "read_committed"]),
        "replicaId": .names([-1: "a client", -2: "a debugging client"]),
        "throttleTimeMs": .names([0: "not throttled"]),
        "sessionId": .names([0: "no session"]),
        "sessionEpoch": .names([-1: "no session, or its end", 0: "begins a session"]),
        "shareSessionEpoch": .names([-1: "ends the session", 0: "begins a session"]),
        "preferredReadReplica": .names([-1: "the leader"]),
        "shareAcquireMode": .names([0: "batch optimized", 1: "record limit"]),
        "deliveryState": .names([0: "available", 1: "acquired", 2: "acknowledged", 4: "archived"]),
        "acknowledgeTypes": .names([0: "gap", 1: "accept", 2: "release", 3: "reject", 4: "renew"]),
        "logStartOffset": .names([-1: "not told"]), "highWatermark": .names([-1: "not known"]),
        "lastStableOffset": .names([-1: "not known"]), "baseOffset": .names([-1: "not known"]),
        "offset": .inside { structure, value in
            structure.hasPrefix("ListOffsets") && value == -1 ? "none found" : nil
        },
        "compressionType": .names([0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"]),

        // Leaders, epochs, producers.
        "leaderEpoch": .names([-1: "not known"]), "currentLeaderEpoch": .names([-1: "not known"]),
        "lastFetchedEpoch": .names([-1: "not known"]), "partitionLeaderEpoch": .names([-1: "not known"]),
        "leaderId": .names([-1: "no leader"]), "controllerId": .names([-1: "no controller"]),
        "producerId": .names([-1: "none"]), "producerEpoch": .names([-1: "none"]), "baseSequence": .names([-1: "none"]),
        "coordinatorEpoch": .names([-1: "not known"]), "currentTxnStartOffset": .names([-1: "no transaction"]),
        "ongoingTxnProducerId": .names([-1: "no transaction"]),
        "transactionVersion": .names([0: "before KIP-890", 1: "before KIP-890", 2: "KIP-890"]),
        "electionType": .names([0: "the preferred replica", 1: "unclean"]),
        "endpointType": .names([1: "brokers", 2: "controllers"]),

        // Groups.
        "keyType": .names([0: "group", 1: "transaction", 2: "share group"]),
        "generationId": .names([-1: "no member"]), "generationIdOrMemberEpoch": .names([-1: "no member"]),
        "memberEpoch": .inside { structure, value in
            if structure.hasSuffix("HeartbeatRequest") {
                return [0: "joins", -1: "leaves", -2: "leaves for a while (static member)"][value]
            }
            return value == -1 ? "none" : nil
        },
        "committedOffset": .names([-1: "nothing committed"]), "committedLeaderEpoch": .names([-1: "not known"]),
        "retentionTimeMs": .names([-1: "the broker's setting"]),
        "memberType": .names([-1: "not known", 0: "classic protocol", 1: "consumer protocol (KIP-848)"]),

        // Topics and configuration.
        "numPartitions": .names([-1: "the broker's setting"]),
        "replicationFactor": .names([-1: "the broker's setting"]),
        "configSource": .names(configSources),
        "source": .inside { structure, value in structure.hasPrefix("DescribeConfigs") ? configSources[value] : nil },
        "configType": .names([
            0: "unknown", 1: "boolean", 2: "string", 3: "int", 4: "short", 5: "long", 6: "double", 7: "list",
            8: "class", 9: "password",
        ]),
        "configOperation": .names([0: "set", 1: "delete", 2: "append", 3: "subtract"]),
        "upgradeType": .names([1: "upgrade only", 2: "safe downgrade", 3: "unsafe downgrade"]),
        "finalizedFeaturesEpoch": .names([-1: "not known"]),

        // Rules of access, quotas, credentials.
        "resourceType": .inside { structure, value in
            structure.contains("Config") ? configResources[value] : aclResources[value]
        },
        "resourceTypeFilter": .names(aclResources),
        "patternType": .names(patterns), "patternTypeFilter": .names(patterns), "resourcePatternType": .names(patterns),
        "operation": .names(operations),
        "permissionType": .names([0: "UNKNOWN", 1: "ANY", 2: "DENY", 3: "ALLOW"]),
        "matchType": .names([0: "exactly", 1: "the default", 2: "any that is named"]),
        "mechanism": .names([0: "unknown", 1: "SCRAM-SHA-256", 2: "SCRAM-SHA-512"]),
        "sessionLifetimeMs": .names([0: "no end"]), "maxLifetimeMs": .names([-1: "the broker's setting"]),

        // Records of control batches.
        "type": .inside { structure, value in
            guard structure == "ControlRecordTypeSchema" else { return nil }
            return [
                0: "ABORT", 1: "COMMIT", 2: "LEADER_CHANGE", 3: "SNAPSHOT_HEADER", 4: "SNAPSHOT_FOOTER",
                5: "KRAFT_VERSION", 6: "KRAFT_VOTERS",
            ][value]
        },
    ]

    private static let listOffsetsTimes: [Int64: String] = [
        -1: "the latest offset", -2: "the earliest offset", -3: "the highest timestamp",
        -4: "the earliest local offset", -5: "the latest tiered offset", -6: "the earliest offset not yet tiered",
    ]
    private static let configSources: [Int64: String] = [
        -1: "not told", 0: "unknown", 1: "topic", 2: "dynamic broker", 3: "dynamic default of brokers",
        4: "static broker", 5: "default", 6: "broker's loggers", 7: "client metrics", 8: "group",
    ]
    private static let configResources: [Int64: String] = [
        0: "unknown", 2: "topic", 4: "broker", 8: "broker's loggers", 16: "client metrics", 32: "group",
    ]
    private static let aclResources: [Int64: String] = [
        0: "UNKNOWN", 1: "ANY", 2: "TOPIC", 3: "GROUP", 4: "CLUSTER", 5: "TRANSACTIONAL_ID", 6: "DELEGATION_TOKEN",
        7: "USER",
    ]
    private static let patterns: [Int64: String] = [
        0: "UNKNOWN", 1: "ANY", 2: "MATCH", 3: "LITERAL", 4: "PREFIXED",
    ]
}

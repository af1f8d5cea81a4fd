extension SettingName {
    /// The settings of all clients.
    static let ofClients: [SettingName] =
        [
            .init(
                "bootstrap.servers", .client, "bootstrapServers", .list, "", .alias("metadata.broker.list"),
                "brokers to ask first, as host:port; one that answers is enough"),
            .init(
                "client.id", .client, "clientId", .text, "kafkawire", "what the client calls itself in logs and quotas"),
            .init(
                "socket.connection.setup.timeout.ms", .client, "connectTimeout", .milliseconds(atLeast: 1), "10000",
                "how long opening a connection may take"),
            .init(
                "request.timeout.ms", .client, "requestTimeout", .milliseconds(atLeast: 1), "30000",
                .alias("socket.timeout.ms"), "how long an answer may take"),
            .init(
                "default.api.timeout.ms", .client, "apiTimeout", .milliseconds(atLeast: 0), "60000", .none,
                "how long a call of several requests may take, retries included"),
            .init(
                "retry.backoff.ms", .client, "retryBackoff", .milliseconds(atLeast: 0), "100",
                "the pause before the first retry, doubled each time"),
            .init(
                "retry.backoff.max.ms", .client, "maximumRetryBackoff", .milliseconds(atLeast: 0), "1000",
                "the longest pause between retries"),
            .init(
                "metadata.max.age.ms", .client, "metadataMaximumAge", .milliseconds(atLeast: 0), "300000",
                .alias("topic.metadata.refresh.interval.ms"),
                "after how long topics and leaders are asked for anew though nothing failed"),
            .init(
                "api.versions.release", .client, "versions", .text, "",
                .differs("broker.version.fallback", "counts with api.version.request=false"),
                "up to which release of Kafka the client speaks, such as 2.8, whatever the brokers speak"),
            .init(
                "broker.version.fallback", .client, "versions", .text, "",
                "api.versions.release as librdkafka has it: only where api.version.request is false"),
            .init(
                "api.version.request", .client, "versions", .flag, "true",
                "false has broker.version.fallback count; brokers are asked for their versions all the same"),
            .init(
                "progress.limit.ms", .client, "progressLimit", .milliseconds(atLeast: 0), "30000", .none,
                "after how long without progress a partition that has records is told of, with the cause; 0 never does"),
        ] + ofConnections + ofSecurity

    /// The settings of ``ConnectionOptions`` and of ``MetadataRecovery``.
    private static let ofConnections: [SettingName] = [
        .init(
            "reconnect.backoff.ms", .client, "connections.reconnectBackoff", .milliseconds(atLeast: 0), "50",
            "the pause before a broker that failed is connected to again, doubled each time"),
        .init(
            "reconnect.backoff.max.ms", .client, "connections.maximumReconnectBackoff", .milliseconds(atLeast: 0),
            "1000", "the longest of these pauses"),
        .init(
            "socket.connection.setup.timeout.max.ms", .client, "connections.maximumConnectTimeout",
            .milliseconds(atLeast: 1), "30000", .none,
            "to how much the time for opening a connection grows while a broker cannot be reached"),
        .init(
            "connections.max.idle.ms", .client, "connections.maximumIdleTime", .milliseconds(atLeast: -1), "540000",
            "after how long a connection that nobody uses is closed; 0 or -1 never does"),
        .init(
            "socket.keepalive.enable", .client, "connections.keepsAlive", .flag, "true",
            "whether the system looks now and then whether the other side is there still"),
        .init(
            "socket.user.timeout.ms", .client, "connections.userTimeout", .milliseconds(atLeast: 0), "", .none,
            "how long sent bytes may go unacknowledged before the system ends the connection; 0 is the system's"),
        .init(
            "send.buffer.bytes", .client, "connections.sendBuffer", .bytes(-1...Int(Int32.max)), "",
            .differs("socket.send.buffer.bytes", "0 is the system's, taken as well"),
            "the socket's buffer for what is sent; -1 is the system's"),
        .init(
            "receive.buffer.bytes", .client, "connections.receiveBuffer", .bytes(-1...Int(Int32.max)), "",
            .differs("socket.receive.buffer.bytes", "0 is the system's, taken as well"),
            "the socket's buffer for what is received; -1 is the system's"),
        .init(
            "socket.send.buffer.bytes", .client, "connections.sendBuffer", .bytes(0...Int(Int32.max)), "",
            "send.buffer.bytes as librdkafka has it: 0 is the system's"),
        .init(
            "socket.receive.buffer.bytes", .client, "connections.receiveBuffer", .bytes(0...Int(Int32.max)), "",
            "receive.buffer.bytes as librdkafka has it: 0 is the system's"),
        .init(
            "receive.message.max.bytes", .client, "connections.maximumAnswerSize", .bytes(1000...Int(Int32.max)),
            "\(Frame.defaultLimit)", "the largest answer that is taken of a broker"),
        .init(
            "broker.address.family", .client, "connections.addressFamily", .choice(["any", "v4", "v6"]), "any",
            "which addresses of a name are connected to"),
        .init(
            "client.dns.lookup", .client, "connections.nameLookup",
            .choice(["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]), "use_all_dns_ips",
            "whether bootstrap servers are taken by the names that the system has for their addresses (KIP-235)"),
        .init(
            "proxy.url", .client, "connections.dialer", .text, "", .none,
            "the HTTP proxy that brokers are reached through, as http://user:password@host:port (kafka-python's proxy_url)"
        ),
        .init(
            "metadata.recovery.strategy", .client, "recovery", .choice(["none", "rebootstrap"]), "rebootstrap",
            "whether the bootstrap servers are asked anew when no known broker tells of the cluster (KIP-1102)"),
        .init(
            "metadata.recovery.rebootstrap.trigger.ms", .client, "recovery", .milliseconds(atLeast: 0), "300000",
            "after how long without an answer that is done"),
    ]
}

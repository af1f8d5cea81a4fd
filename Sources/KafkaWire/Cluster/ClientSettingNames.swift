extension SettingName {
    /// The settings of all clients.
    static let ofClients: [SettingName] = [
        .init(
            "bootstrap.servers", .client, "bootstrapServers", .list, "", .alias("metadata.broker.list"),
            "brokers to ask first, as host:port; one that answers is enough"),
        .init("client.id", .client, "clientId", .text, "kafkawire", "what the client calls itself in logs and quotas"),
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
            "progress.limit.ms", .client, "progressLimit", .milliseconds(atLeast: 0), "30000", .none,
            "after how long without progress a partition that has records is told of, with the cause; 0 never does"),
    ]
}

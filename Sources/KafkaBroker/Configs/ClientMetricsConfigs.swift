/// The settings of a subscription to clients' metrics (KIP-714). They are kept and described; this broker asks no
/// client for metrics.
enum ClientMetricsConfigs {
    static let table = ConfigTable([
        ConfigDefinition(
            "interval.ms", .int, "300000", .between(100, 3_600_000), "How often clients send their metrics."),
        ConfigDefinition("match", .list, "", .any, "Which clients are asked: attributes and patterns."),
        ConfigDefinition("metrics", .list, "", .any, "The prefixes of the metrics' names."),
    ])
}

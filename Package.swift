// swift-tools-version: 6.2
import PackageDescription

/// Applied to every Swift target: warnings are errors, everywhere and always.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let arguments = ofPrograms("ArgumentParser", "swift-argument-parser")
let http = ofPrograms("FlyingFox", "FlyingFox")
let metrics: Target.Dependency = .product(
    name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"]))
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["ServiceLifecycle"]))
let histogram = ofPrograms("Histogram", "hdrhistogram-swift")

/// What programs and tests alone need. SwiftPM does not even fetch a package of which all uses are behind a trait that is off.
func ofPrograms(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Programs"]))
}

/// A product of swift-distributed-tracing, which only a build with the trait has.
func tracing(_ product: String) -> Target.Dependency {
    .product(name: product, package: "swift-distributed-tracing", condition: .when(traits: ["Tracing"]))
}

/// Whether another package names this one by its URL: then its manifest is read out of the repository, at `/`, or in the folder
/// of checkouts of SwiftPM or Xcode. One that names it by path looks the same as this package on its own, and chooses itself:
/// `traits: ["Compression", "Security"]`.
let isDependency =
    Context.packageDirectory == "/"
    || ["/.build/checkouts/", "/SourcePackages/checkouts/"].contains { Context.packageDirectory.contains($0) }

/// A compression library, which a build without the trait does without.
func codec(_ name: String) -> Target.Dependency { .target(name: name, condition: .when(traits: ["Compression"])) }
/// OpenSSL, likewise.
let openSSL: Target.Dependency = .target(name: "COpenSSL", condition: .when(traits: ["Security"]))

/// The rooms of `Sources/Apps`. What stands in one uses its own room and those above it, which `LayerTests` holds to.
enum Room: String {
    /// For all programs.
    case shared = "Shared"
    /// The exercise: change events, detectors, agents, what PostgreSQL feeds, the demo.
    case pipeline = "Pipeline"
    /// `kw`, and the libraries of its commands.
    case tool = "Tool"
    /// What tests and fuzzers claim.
    case checks = "Checks"
}

/// A library that only programs share.
func library(_ room: Room, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/Apps/\(room.rawValue)/\(name)", swiftSettings: strict)
}

func program(_ room: Room, _ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: [arguments, "AppSupport", "ShutdownSignal"] + dependencies,
        path: "Sources/Apps/\(room.rawValue)/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "KafkaWire",
    products: [
        .library(name: "KafkaWire", targets: ["KafkaWire"]),
        .library(name: "KafkaBroker", targets: ["KafkaBroker"]),
        .library(name: "KafkaSimulation", targets: ["KafkaSimulation"]),
        .library(name: "KafkaOIDC", targets: ["KafkaOIDC"]),
        .library(name: "KafkaSchemas", targets: ["KafkaSchemas"]),
        .library(name: "ShutdownSignal", targets: ["ShutdownSignal"]),
        // For Benchmarks, which is a package of its own.
        .library(name: "FraudDetection", targets: ["ChangeEvents", "Detectors", "EventGenerator"]),
        // For Fuzzing, likewise.
        .library(name: "FuzzChecks", targets: ["FuzzChecks"]),
        .executable(name: "kw", targets: ["KW"]),
        .executable(name: "anomaly-agent", targets: ["AnomalyAgent"]),
        .executable(name: "velocity-agent", targets: ["VelocityAgent"]),
        .executable(name: "probe-agent", targets: ["ProbeAgent"]),
        .executable(name: "alert-forwarder", targets: ["AlertForwarder"]),
        .executable(name: "temperature-producer", targets: ["TemperatureProducer"]),
        .executable(name: "temperature-consumer", targets: ["TemperatureConsumer"]),
        .executable(name: "fraud-producer", targets: ["FraudProducer"]),
        .executable(name: "fraud-batch", targets: ["FraudBatch"]),
        .executable(name: "demo", targets: ["Demo"]),
    ],
    traits: [
        .trait(
            name: "Compression",
            description: "Record batches in gzip, snappy, lz4 and zstd, through the system's libraries."),
        .trait(name: "Security", description: "TLS, and SASL's hashes and signatures, through the system's OpenSSL 3."),
        .trait(
            name: "Programs",
            description: "kw, the agents, the tests, and the packages that only they need."),
        .trait(name: "Metrics", description: "MetricsObserver, which reports to swift-metrics."),
        .trait(name: "Tracing", description: "Spans and their context in headers, through swift-distributed-tracing."),
        .trait(
            name: "ServiceLifecycle", description: "Producers and consumers as services of swift-service-lifecycle."),
        .default(
            enabledTraits: isDependency
                ? ["Compression", "Security"]
                : ["Compression", "Metrics", "Programs", "Security", "ServiceLifecycle", "Tracing"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // A Kafka Connect for tests: an HTTP server over POSIX sockets.
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .systemLibrary(name: "CCRC32C"),
        .systemLibrary(name: "CConcurrency"),
        .systemLibrary(name: "CMemory"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "KafkaWire",
            dependencies: [
                "CCRC32C", codec("CZlib"), codec("CSnappy"), codec("CLZ4"), codec("CZstd"), openSSL, log, collections,
                metrics, tracing("Tracing"), lifecycle,
            ],
            swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),
        .target(name: "KafkaBroker", dependencies: ["KafkaWire", log, collections, heap], swiftSettings: strict),
        .target(
            name: "KafkaSimulation",
            dependencies: ["CConcurrency", "KafkaWire", "KafkaBroker", log, collections, heap],
            swiftSettings: strict),

        .target(name: "KafkaOIDC", dependencies: ["KafkaWire"], swiftSettings: strict),
        .target(name: "KafkaSchemas", dependencies: ["KafkaWire", "KafkaOIDC"], swiftSettings: strict),

        library(.shared, "JSONLines"),
        library(.shared, "ShutdownSignal"),
        library(.shared, "AppSupport", ["CMemory", "JSONLines", "ShutdownSignal", arguments]),
        library(
            .shared, "ClientSetup",
            ["KafkaWire", "KafkaOIDC", "KafkaSchemas", "AppSupport", "JSONLines", arguments]),

        library(.shared, "PageServing", ["KafkaWire", log]),
        library(.shared, "Screens", ["AppSupport", "ShutdownSignal"]),
        library(.shared, "ClusterView", ["KafkaWire", "AppSupport", "JSONLines", "Screens"]),

        library(.pipeline, "ChangeEvents"),
        library(.pipeline, "Detectors", ["ChangeEvents", "CMemory"]),
        library(.pipeline, "EventGenerator", ["AppSupport"]),
        library(
            .pipeline, "AgentRuntime",
            [
                "KafkaWire", "ChangeEvents", "Detectors", "AppSupport", "ClientSetup", "ShutdownSignal", "JSONLines",
                "PageServing", "KafkaSchemas", arguments, histogram, log,
            ]),
        program(.pipeline, "AnomalyAgent", ["AgentRuntime"]),
        program(.pipeline, "VelocityAgent", ["AgentRuntime"]),
        program(.pipeline, "ProbeAgent", ["AgentRuntime"]),
        program(.pipeline, "AlertForwarder", ["KafkaWire", "KafkaOIDC", "ClientSetup", "JSONLines"]),
        library(.pipeline, "PostgreSQL", ["CLibpq", "AppSupport", "ShutdownSignal", arguments]),
        program(.pipeline, "FraudProducer", ["PostgreSQL"]),
        program(.pipeline, "FraudBatch", ["PostgreSQL", "ChangeEvents", "Detectors", "JSONLines"]),
        program(.pipeline, "TemperatureProducer", ["PostgreSQL"]),
        program(.pipeline, "TemperatureConsumer", ["PostgreSQL"]),
        library(
            .pipeline, "FraudView",
            ["KafkaWire", "ChangeEvents", "Detectors", "AppSupport", "JSONLines", "Screens", "ClusterView"]),
        program(
            .pipeline, "Demo",
            [
                "KafkaBroker", "KafkaWire", "ClientSetup", "EventGenerator", "ChangeEvents", "Detectors", "FraudView",
                "Screens", "ClusterView",
            ]),

        library(
            .tool, "ToolKit",
            [
                "KafkaWire", "KafkaOIDC", "AppSupport", "ClientSetup", "ShutdownSignal", "JSONLines", "Screens",
                arguments,
            ]),
        library(.tool, "Captures", ["KafkaWire", "JSONLines"]),
        library(.tool, "Conformance", ["KafkaWire", "JSONLines"]),
        library(
            .tool, "RecordText", ["KafkaWire", "KafkaSchemas", "AppSupport", "ClientSetup", "ToolKit", "JSONLines"]),
        library(.tool, "LogDump", ["KafkaWire", "KafkaBroker", "JSONLines"]),
        library(.tool, "ChangeText", ["KafkaWire", "AppSupport", "ChangeEvents", "JSONLines", "Screens"]),
        library(.tool, "ConnectREST", ["KafkaWire", "AppSupport", "JSONLines", "ToolKit"]),
        library(.tool, "Benching", ["KafkaWire", "AppSupport", "JSONLines", histogram]),
        library(
            .tool, "Proxying",
            ["KafkaWire", "KafkaBroker", "AppSupport", "Captures", "JSONLines", "ToolKit", "Screens", collections]),
        library(
            .tool, "Simulating",
            ["KafkaWire", "KafkaBroker", "KafkaSimulation", "AppSupport", "Captures", "JSONLines"]),
        library(
            .tool, "BrokerUI",
            ["KafkaWire", "KafkaBroker", "ChangeEvents", "ChangeText", "JSONLines", "PageServing", log]),
        program(
            .tool, "KW",
            [
                "KafkaWire", "KafkaBroker", "KafkaOIDC", "KafkaSchemas", log, "JSONLines", "ClientSetup", "ToolKit",
                "Captures", "Conformance",
                "RecordText", "LogDump", "ChangeText", "ConnectREST", "ClusterView", "Benching", "Proxying",
                "Simulating",
                "BrokerUI", "KafkaSimulation", "Screens",
            ]),

        library(
            .checks, "FuzzChecks",
            [
                "KafkaWire", "KafkaBroker", "JSONLines", "AppSupport", "ChangeEvents", "Detectors", "Captures",
                "Conformance", "RecordText", "ChangeText", "ConnectREST", "ClusterView", "Proxying", "BrokerUI",
                "Screens",
            ]),

        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(
            name: "WireTests",
            dependencies: ["TestSupport", "KafkaWire", "Conformance", "FuzzChecks", "JSONLines", log],
            swiftSettings: strict),
        .testTarget(
            name: "BrokerTests", dependencies: ["TestSupport", "KafkaBroker", "KafkaWire", "FuzzChecks"],
            swiftSettings: strict),
        .testTarget(
            name: "ClientTests",
            dependencies: [
                "TestSupport", "KafkaBroker", "KafkaWire", log, metrics, lifecycle, tracing("InMemoryTracing"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["TestSupport", "KafkaSimulation", "KafkaBroker", "KafkaWire"],
            swiftSettings: strict),
        .testTarget(
            name: "AppTests",
            dependencies: [
                "TestSupport", "ChangeEvents", "Detectors", "EventGenerator", "FuzzChecks", "AgentRuntime",
                "AlertForwarder", "AppSupport", "ClientSetup", "PageServing", "KafkaSchemas", http, "FraudView",
                "Screens",
                "ClusterView", "JSONLines", "KafkaWire", "KafkaBroker", arguments,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "TestSupport", "KW", "ToolKit", "AppSupport", "ClientSetup", "KafkaWire", "KafkaBroker", "JSONLines",
                "Captures",
                "Conformance", "RecordText", "LogDump", "ChangeEvents", "ChangeText", "ConnectREST", "ClusterView",
                "Benching",
                "Proxying", "Simulating", "KafkaSimulation", "KafkaOIDC", "KafkaSchemas", "BrokerUI", "PageServing",
                "FuzzChecks",
                "Screens", http,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PostgreSQLTests",
            dependencies: [
                "TestSupport", "PostgreSQL", "AppSupport", "ShutdownSignal", "FraudBatch", "FraudProducer",
                "ChangeEvents", "Detectors",
                "JSONLines",
            ],
            swiftSettings: strict),
    ]
)

// swift-tools-version: 6.2
import PackageDescription

/// Applied to every Swift target: warnings are errors, everywhere and always.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let http: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

/// A compression library, which a build without the trait does without.
func codec(_ name: String) -> Target.Dependency { .target(name: name, condition: .when(traits: ["Compression"])) }

/// A library that only the executables share.
func shared(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Apps/\(name)", swiftSettings: strict)
}

/// An executable: one folder in `Sources/Apps`.
func app(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: [arguments, "AppSupport"] + dependencies, path: "Sources/Apps/\(name)",
        swiftSettings: strict)
}

let package = Package(
    name: "KafkaWire",
    products: [
        .library(name: "KafkaWire", targets: ["KafkaWire"]),
        .library(name: "KafkaBroker", targets: ["KafkaBroker"]),
        // For Benchmarks, which is a package of its own.
        .library(name: "FraudDetection", targets: ["ChangeEvents", "Detectors", "EventGenerator"]),
        // For Fuzzing, likewise.
        .library(name: "FuzzChecks", targets: ["FuzzChecks"]),
        .executable(name: "kw", targets: ["KW"]),
        .executable(name: "anomaly-agent", targets: ["AnomalyAgent"]),
        .executable(name: "velocity-agent", targets: ["VelocityAgent"]),
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
        .default(enabledTraits: ["Compression"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        // A Kafka Connect for tests: an HTTP server over POSIX sockets.
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .systemLibrary(name: "CCRC32C"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "KafkaWire",
            dependencies: [
                "CCRC32C", codec("CZlib"), codec("CSnappy"), codec("CLZ4"), codec("CZstd"), log, collections,
            ],
            swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),
        .target(name: "KafkaBroker", dependencies: ["KafkaWire", log, collections, heap], swiftSettings: strict),

        shared("AppSupport", ["JSONLines", arguments]),
        shared("ChangeEvents"),
        shared("JSONLines"),
        shared("Captures", ["KafkaWire", "JSONLines"]),
        shared("ToolKit", ["KafkaWire", "AppSupport", "JSONLines", arguments]),
        shared("ClusterView", ["KafkaWire", "AppSupport", "JSONLines", "ToolKit"]),
        shared("ChangeText", ["KafkaWire", "AppSupport", "ChangeEvents", "JSONLines", "ToolKit"]),
        shared("ConnectREST", ["KafkaWire", "AppSupport", "JSONLines", "ToolKit"]),
        shared(
            "Proxying", ["KafkaWire", "KafkaBroker", "AppSupport", "Captures", "JSONLines", "ToolKit", collections]),
        shared("RecordText", ["KafkaWire", "AppSupport", "ToolKit", "JSONLines"]),
        shared("Conformance", ["KafkaWire", "JSONLines"]),
        shared("BrokerUI", ["KafkaWire", "KafkaBroker", "ChangeEvents", "ChangeText", "JSONLines", log]),
        shared("Detectors", ["ChangeEvents"]),
        shared("EventGenerator", ["AppSupport"]),
        shared(
            "FuzzChecks",
            [
                "KafkaWire", "KafkaBroker", "ChangeEvents", "Conformance", "JSONLines", "AppSupport", "Captures",
                "BrokerUI", "ChangeText", "ClusterView", "ConnectREST", "Detectors", "Proxying", "RecordText",
            ]),
        shared("Benching", ["KafkaWire", "AppSupport", "JSONLines", histogram]),
        shared("PostgreSQL", ["CLibpq", "AppSupport", arguments]),
        shared(
            "AgentRuntime", ["KafkaWire", "ChangeEvents", "Detectors", "AppSupport", "JSONLines", arguments, histogram]),
        app("AnomalyAgent", ["AgentRuntime"]),
        app("VelocityAgent", ["AgentRuntime"]),
        app("TemperatureProducer", ["PostgreSQL"]),
        app("TemperatureConsumer", ["PostgreSQL"]),
        app("FraudProducer", ["PostgreSQL"]),
        app("FraudBatch", ["PostgreSQL", "ChangeEvents", "Detectors", "JSONLines"]),
        app(
            "KW",
            [
                "KafkaWire", "KafkaBroker", "COpenSSL", log,
                "ToolKit", "JSONLines", "Captures", "Conformance",
                "BrokerUI",
                "Benching",
                "RecordText",
                "ClusterView",
                "Proxying",
                "ChangeText",
                "ConnectREST",
            ]),
        app("Demo", ["KafkaWire", "EventGenerator", "ChangeEvents", "Detectors"]),

        .testTarget(
            name: "WireTests", dependencies: ["KafkaWire", "Conformance", "FuzzChecks", "JSONLines"],
            swiftSettings: strict),
        .testTarget(
            name: "BrokerTests", dependencies: ["KafkaBroker", "KafkaWire", "FuzzChecks"], swiftSettings: strict),
        .testTarget(name: "ClientTests", dependencies: ["KafkaBroker", "KafkaWire"], swiftSettings: strict),
        .testTarget(
            name: "AppTests",
            dependencies: ["ChangeEvents", "Detectors", "EventGenerator", "FuzzChecks", "AgentRuntime"],
            swiftSettings: strict),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "KW", "ToolKit", "AppSupport", "KafkaWire", "KafkaBroker", "JSONLines", "Captures", "Conformance",
                "ChangeEvents", "FuzzChecks", http,
                "BrokerUI",
                "Benching",
                "RecordText",
                "ClusterView",
                "Proxying",
                "ChangeText",
                "ConnectREST",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PostgreSQLTests",
            dependencies: [
                "PostgreSQL", "AppSupport", "FraudBatch", "FraudProducer", "ChangeEvents", "Detectors", "JSONLines",
            ],
            swiftSettings: strict),
    ]
)

// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// What this repository offers to others.
func ours(_ product: String) -> Target.Dependency { .product(name: product, package: "KafkaWire") }

func program(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .executableTarget(name: name, dependencies: [ours("KafkaWire")] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "KafkaWireExamples",
    products: [
        .executable(name: "hello", targets: ["Hello"]),
        .executable(name: "json", targets: ["TypedJSON"]),
        .executable(name: "group", targets: ["Group"]),
        .executable(name: "exactly-once", targets: ["ExactlyOnce"]),
        .executable(name: "retry", targets: ["RetryTopics"]),
        .executable(name: "service", targets: ["ObservedService"]),
    ],
    dependencies: [
        // Of the traits only `service` needs more than "Compression".
        .package(
            name: "KafkaWire", path: "..",
            traits: ["Compression", "Security", "Metrics", "ServiceLifecycle", "Tracing"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        program("Hello"),
        program("TypedJSON"),
        program("Group", [ours("ShutdownSignal")]),
        program("ExactlyOnce", [ours("ShutdownSignal")]),
        program("RetryTopics", [ours("ShutdownSignal")]),
        program(
            "ObservedService",
            [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "StormTests",
            dependencies: ["ExactlyOnce", ours("KafkaWire"), ours("KafkaBroker"), ours("KafkaSimulation")],
            swiftSettings: strict),
    ]
)

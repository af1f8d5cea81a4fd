// swift-tools-version: 6.2
import PackageDescription

// Built by scripts/fuzz.sh, which gives the flags of the sanitizers: they have to reach the library that is fuzzed too.
let package = Package(
    name: "KafkaWireFuzzing",
    dependencies: [.package(name: "KafkaWire", path: "..")],
    targets: [
        .target(name: "CAllocations", path: "Sources/CAllocations"),
        .executableTarget(
            name: "kwfuzz",
            dependencies: [
                "CAllocations",
                .product(name: "FuzzChecks", package: "KafkaWire"), .product(name: "KafkaWire", package: "KafkaWire"),
            ],
            path: "Sources/KWFuzz", swiftSettings: [.treatAllWarnings(as: .error)]),
    ]
)

// swift-tools-version: 5.8
// This old version has a reason: from 5.9 on, SwiftPM says itself which package a target belongs to, and `micro`, which
// times what lies below the public surface, could not be said to belong to the package that it measures.
import PackageDescription

/// The measured package's name, as SwiftPM makes it from its folder's.
let folder = Context.packageDirectory.split(separator: "/").dropLast().last.map { String($0).lowercased() } ?? ""
let measured = String(folder.map { $0.isLetter || $0.isNumber ? $0 : "_" })
let strict: [SwiftSetting] = [.unsafeFlags(["-warnings-as-errors"])]
let inside: [SwiftSetting] = [.unsafeFlags(["-package-name", measured])]

/// `micro` counts allocations: see Allocations.swift, which has these functions.
let counted = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"].flatMap {
    ["-Xlinker", "--defsym=\($0)=counted_\($0)"]
}

let package = Package(
    name: "KafkaWireBenchmarks",
    dependencies: [.package(name: "KafkaWire", path: "..")],
    targets: [
        .executableTarget(
            name: "kwbench",
            dependencies: [
                .product(name: "KafkaWire", package: "KafkaWire"),
                .product(name: "FraudDetection", package: "KafkaWire"),
            ],
            path: "Sources/KWBench", swiftSettings: strict),
        .executableTarget(
            name: "micro",
            dependencies: [
                .product(name: "KafkaWire", package: "KafkaWire"),
                .product(name: "KafkaBroker", package: "KafkaWire"),
                .product(name: "FraudDetection", package: "KafkaWire"),
            ],
            path: "Sources/Micro", swiftSettings: strict + inside,
            linkerSettings: [.unsafeFlags(counted, .when(platforms: [.linux]))]),
    ],
    swiftLanguageVersions: [.version("6")]
)

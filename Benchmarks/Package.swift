// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// What is measured lies partly below the public surface (`package`): these programs count as part of the package that
/// they measure, whose name is that of its folder.
let measured = Context.packageDirectory.split(separator: "/").dropLast().last.map { String($0).lowercased() } ?? ""
let name = String(measured.map { $0.isLetter || $0.isNumber ? $0 : "_" })
let inside: [SwiftSetting] = [
    .unsafeFlags(["-package-name", name, "-Xfrontend", "-package-name", "-Xfrontend", name].suffix(4).map { $0 })
]

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
            path: "Sources/Micro", swiftSettings: strict + inside),
    ]
)

// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it drives built programs from outside and links to none of them, so that
// what is measured is what a user runs.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-warnings-as-errors"]),
]

let package = Package(
    name: "ReviewKDBenchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "BenchmarkReport", swiftSettings: house),
        .executableTarget(
            name: "reviewkd-benchmarks",
            dependencies: [
                "BenchmarkReport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "BenchmarkReportTests", dependencies: ["BenchmarkReport"],
            resources: [.copy("Fixtures")], swiftSettings: house),
    ]
)

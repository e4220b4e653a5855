// swift-tools-version: 6.2
import PackageDescription

// LibTorch lies in `.libtorch`, a folder or a link that `make setup` makes. With REVIEWKD_CUDA=1 it is
// the one for CUDA that `make setup CUDA=1` puts into `.libtorch-cuda`, beside NVIDIA's libraries.
let usesCUDA = Context.environment["REVIEWKD_CUDA"] == "1"
let cudaFolder = Context.packageDirectory + "/.libtorch-cuda"
let libTorch = usesCUDA ? cudaFolder + "/torch" : Context.packageDirectory + "/.libtorch"

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    // A file imports what it uses, so that the arrows between targets are all in this file.
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-warnings-as-errors"]),
]

// Tests that fill and compare tens of millions of numbers in Swift, or as many bytes.
let fast: [SwiftSetting] = [.unsafeFlags(["-O"])]

let compileLibTorch: [CXXSetting] =
    [
        .unsafeFlags([
            "-std=c++20", "-O2", "-Wall", "-Wno-unused-function", "-isystem",
            "\(libTorch)/include", "-isystem", "\(libTorch)/include/torch/csrc/api/include",
        ])
    ]
    + (usesCUDA
        ? [
            .define("REVIEWKD_CUDA"),
            // Its libraries come from an older compiler, which names some templates in another way.
            .unsafeFlags([
                "-fclang-abi-compat=17", "-isystem", "\(cudaFolder)/nvidia/cu13/include",
                "-isystem", "\(cudaFolder)/nvidia/cu13/include/cccl", "-isystem",
                "\(cudaFolder)/nvidia/nccl/include",
            ]),
        ] : [])

let linkLibTorch: [LinkerSetting] =
    [
        // Our kernels run on the threads of the OpenMP library that LibTorch brings.
        .unsafeFlags([
            "-L\(libTorch)/lib", "-l:libgomp.so.1", "-Xlinker", "-rpath=\(libTorch)/lib",
            // Where `make install` puts the libraries.
            "-Xlinker", "-rpath=$ORIGIN/../lib/reviewkd",
        ]),
        .linkedLibrary("torch_cpu"),
        .linkedLibrary("c10"),
    ]
    + (usesCUDA
        ? [
            // LibTorch's CUDA libraries find NVIDIA's at run time, by paths of their own.
            .unsafeFlags(["-Xlinker", "--allow-shlib-undefined", "-Xlinker", "--no-as-needed"]),
            .linkedLibrary("torch_cuda"),
            .linkedLibrary("c10_cuda"),
        ] : [])

// Where a CUDA build runs there are no picture libraries: it takes them in.
let linkPictures: [LinkerSetting] =
    usesCUDA
    ? [
        .unsafeFlags(["-l:libjpeg.a", "-l:libpng16.a", "-l:libwebp.a"]),
        .linkedLibrary("z"),
        .linkedLibrary("m"),
    ]
    : ["jpeg", "png16", "webp", "z"].map { .linkedLibrary($0) }

// The same for libarchive, and for the libraries of what its zip reader could unpack beside deflated members.
let linkArchive: [LinkerSetting] =
    usesCUDA
    ? [
        .unsafeFlags([
            "-l:libarchive.a", "-l:libbz2.a", "-l:liblzma.a", "-l:libzstd.a", "-l:libnettle.a",
        ])
    ]
    : [.linkedLibrary("archive")]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "ReviewKD",
    products: [
        .library(
            name: "ReviewKD",
            targets: [
                "Archives", "Basics", "COCO", "COCODrawing", "Dashboard", "DetectionData",
                "DetectionTraining",
                "Detectors", "Distillation", "Downloads", "Drawing", "ImageFiles", "ImageFolders",
                "Masks", "ModelExport", "NetworkFiles", "ONNXFiles", "Pickles", "RecipeSyntax",
                "Recipes", "RecordStore", "RunRecords",
                "StepTiming", "Studies", "TensorFiles", "Torch", "TorchDistributed", "TorchNN",
                "Training",
                "VisionData",
                "VisionModels",
            ]),
        .executable(name: "reviewkd", targets: ["reviewkd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .plugin(name: "RevisionPlugin", capability: .buildTool()),
        .target(name: "Revision", swiftSettings: house, plugins: ["RevisionPlugin"]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .target(name: "Basics", swiftSettings: house),
        .target(name: "Masks", dependencies: ["Basics"], swiftSettings: house),
        .target(name: "COCO", dependencies: ["Basics", "Masks"], swiftSettings: house),
        .target(name: "Pickles", dependencies: ["Basics"], swiftSettings: house),
        .target(
            name: "TensorFiles", dependencies: ["Basics", "Pickles", "CZlib"],
            swiftSettings: house),
        .target(
            name: "Archives", dependencies: ["Basics", "CArchive", "CZlib"], swiftSettings: house,
            linkerSettings: linkArchive),
        .target(
            name: "Downloads", dependencies: ["Archives", "Basics", crypto], swiftSettings: house),
        .target(
            name: "CImage", cxxSettings: [.unsafeFlags(["-std=c++20", "-O2", "-Wall", "-Werror"])],
            linkerSettings: linkPictures),
        .target(name: "ImageFiles", dependencies: ["CImage"], swiftSettings: house),
        .target(name: "Drawing", dependencies: ["ImageFiles"], swiftSettings: house),
        .target(
            name: "COCODrawing",
            dependencies: ["Basics", "COCO", "Drawing", "ImageFiles", "Masks"],
            swiftSettings: house),
        .target(
            name: "ImageFolders", dependencies: ["Archives", "Basics", "CZlib", "ImageFiles"],
            swiftSettings: house),
        .target(
            name: "CTorch",
            cxxSettings: compileLibTorch,
            linkerSettings: linkLibTorch),
        .target(
            name: "CDistributed", exclude: ["stubs/README.md"],
            cxxSettings: compileLibTorch + [.headerSearchPath("stubs")],
            linkerSettings: linkLibTorch),
        .target(name: "Torch", dependencies: ["Basics", "CTorch"], swiftSettings: house),
        .target(
            name: "TorchDistributed", dependencies: ["Basics", "CDistributed", "Torch"],
            swiftSettings: house),
        .target(name: "TorchNN", dependencies: ["Torch"], swiftSettings: house),
        .target(
            name: "VisionModels", dependencies: ["Basics", "Torch", "TorchNN"],
            swiftSettings: house),
        .target(
            name: "CDetection",
            cxxSettings: [
                // The same bits whatever the instruction set: no product and sum becomes one step unasked.
                .unsafeFlags(["-std=c++20", "-O2", "-Wall", "-Werror", "-ffp-contract=off"])
            ]),
        .target(
            name: "Detectors",
            dependencies: ["Basics", "CDetection", "Masks", "Torch", "TorchNN", "VisionModels"],
            swiftSettings: house),
        .target(
            name: "NetworkFiles",
            dependencies: [
                "Basics", "Detectors", "TensorFiles", "Torch", "TorchNN", "VisionModels",
            ],
            swiftSettings: house),
        .target(
            name: "ONNXFiles", dependencies: ["Basics", protobuf], exclude: ["onnx.proto"],
            swiftSettings: house),
        .target(
            name: "ModelExport",
            dependencies: ["Basics", "ONNXFiles", "Torch", "TorchNN", "VisionModels"],
            swiftSettings: house),
        .target(
            name: "VisionData",
            dependencies: [
                "Archives", "Basics", "Downloads", "ImageFiles", "ImageFolders", "Pickles", "Torch",
                "TorchNN",
            ],
            swiftSettings: house),
        .target(
            name: "DetectionData",
            dependencies: [
                "Basics", "COCO", "Detectors", "ImageFiles", "ImageFolders", "Masks", "Torch",
                "TorchNN", "VisionData",
            ],
            swiftSettings: house),
        .target(
            name: "Distillation", dependencies: ["Basics", "Torch", "TorchNN", "VisionModels"],
            swiftSettings: house),
        .target(
            name: "RunRecords", dependencies: ["Basics", crypto], swiftSettings: house),
        .target(
            name: "RecordStore", dependencies: ["RunRecords", grdb],
            swiftSettings: house,
            // GRDB asks for `sqlite3`; the folder that `make setup` makes has its archive alone.
            linkerSettings: [.unsafeFlags(["-L\(Context.packageDirectory)/.libsqlite"])]),
        .target(
            name: "Dashboard", dependencies: ["RecordStore", flyingFox, flyingSocks],
            resources: [.embedInCode("Page")],
            swiftSettings: house),
        .target(name: "Machine", dependencies: ["Basics"], swiftSettings: house),
        .target(name: "RecipeSyntax", dependencies: ["Basics", yams], swiftSettings: house),
        .target(
            name: "Recipes",
            dependencies: [
                "Basics", "DetectionData", "Detectors", "Torch", "TorchNN", "VisionModels",
                "VisionData", "Distillation", "RecipeSyntax", crypto,
            ],
            resources: [.embedInCode("Shipped")],
            swiftSettings: house),
        .target(
            name: "Training",
            dependencies: [
                "Basics", "TensorFiles", "Torch", "TorchNN", "VisionModels", "NetworkFiles",
                "ImageFolders", "VisionData", "Distillation", "RunRecords", "Machine", "Recipes",
                crypto,
            ],
            swiftSettings: house),
        .target(
            name: "DetectionTraining",
            dependencies: [
                "Basics", "COCO", "DetectionData", "Detectors", "Distillation", "Masks",
                "NetworkFiles", "Recipes",
                "RunRecords", "TensorFiles", "Torch", "TorchNN", "Training", "VisionData",
                "VisionModels", crypto,
            ],
            swiftSettings: house),
        .target(
            name: "StepTiming",
            dependencies: [
                "COCO", "DetectionData", "DetectionTraining", "Detectors",
                "Basics", "Torch", "TorchNN", "VisionModels", "VisionData", "Distillation",
                "Recipes", "Training",
            ],
            swiftSettings: house),
        .target(
            name: "Studies",
            dependencies: [
                "Basics", "DetectionData", "DetectionTraining", "Detectors", "Machine",
                "TensorFiles", "Torch", "TorchNN", "VisionModels", "NetworkFiles",
                "VisionData", "Distillation", "RunRecords", "Recipes", "Training", "StepTiming",
            ],
            swiftSettings: house),
        .target(name: "Terminal", swiftSettings: house),
        .target(
            name: "Remedies",
            dependencies: [
                "COCO",
                "Basics", "Downloads", "ImageFolders", "ModelExport", "NetworkFiles",
                "RecipeSyntax", "Recipes",
                "Studies", "TensorFiles", "Torch", "TorchDistributed", "TorchNN", "Training",
                "VisionData",
            ], swiftSettings: house),
        .target(
            name: "Reporting",
            dependencies: ["Basics", "Remedies", "RunRecords", "Studies", "Terminal", "Training"],
            swiftSettings: house),
        .target(
            name: "RunReport",
            dependencies: [
                "Basics", "COCO", "COCODrawing", "DetectionData", "DetectionTraining", "Detectors",
                "Distillation", "ImageFiles", "NetworkFiles", "Recipes", "RunRecords", "Torch",
                "TorchNN", "Training", "VisionData", "VisionModels",
            ],
            resources: [.embedInCode("Page")], swiftSettings: house),
        .target(
            name: "EventFiles", dependencies: ["Basics", protobuf], exclude: ["event.proto"],
            swiftSettings: house),
        .target(
            name: "Recording",
            dependencies: [
                "Basics", "EventFiles", "RecordStore", "Recipes", "RunRecords", "Studies", "Torch",
                "Training",
            ],
            swiftSettings: house),
        .target(
            name: "RecordCommands",
            dependencies: [
                "Basics", "CommandOptions", "Dashboard", "RecordStore", "Recipes", "Recording",
                "RunRecords", "RunReport", "Studies", "Terminal", "Torch", "Training", "VisionData",
                argumentParser,
            ],
            swiftSettings: house),
        .target(
            name: "CommandOptions",
            dependencies: [
                "Basics", "Detectors", "Recipes", "Remedies", "TensorFiles", "Terminal", "Torch",
                "TorchDistributed", "TorchNN", "Training", "VisionData", "VisionModels",
                argumentParser,
            ],
            swiftSettings: house),
        .target(
            name: "ExportCommands",
            dependencies: [
                "Basics", "CommandOptions", "DetectionTraining", "Detectors", "ImageFolders",
                "ModelExport", "NetworkFiles", "ONNXFiles",
                "Recipes", "Remedies", "TensorFiles", "Terminal", "Torch", "TorchNN", "Training",
                "VisionData", "VisionModels", argumentParser,
            ],
            swiftSettings: house),
        .executableTarget(
            name: "reviewkd",
            dependencies: [
                "CommandOptions", "ExportCommands", "RecordCommands", "Recording", "Reporting",
                "RunReport",
                "Basics", "COCO", "DetectionData", "DetectionTraining", "Detectors", "Revision",
                "Terminal", "TensorFiles", "Torch", "TorchNN", "VisionModels", "NetworkFiles",
                "ImageFolders", "VisionData", "Distillation",
                "Downloads",
                "Remedies",
                "COCODrawing",
                "RunRecords", "RecipeSyntax", "Recipes", "Training", "StepTiming", "Studies",
                argumentParser,
            ],
            swiftSettings: house),
        .target(
            name: "Examples",
            dependencies: [
                "Basics", "Torch", "TorchNN", "VisionModels", "VisionData", "Distillation",
            ],
            path: "Examples", swiftSettings: house),
        .target(
            name: "TorchTestSupport", dependencies: ["Torch", "TorchNN"],
            path: "Tests/TorchTestSupport", swiftSettings: house + fast),
        .target(
            name: "TensorFilesTestSupport", dependencies: ["Basics", "TensorFiles"],
            path: "Tests/TensorFilesTestSupport", swiftSettings: house + fast),
        .target(
            name: "ArchivesTestSupport", dependencies: ["CZlib"],
            path: "Tests/ArchivesTestSupport", swiftSettings: house),
        .executableTarget(
            name: "mutate-files",
            dependencies: [
                "Basics", "CZlib", "ImageFiles", "TensorFiles", "TensorFilesTestSupport",
                "VisionData",
            ],
            path: "Tests/MutateFiles", swiftSettings: house),
        .target(
            name: "BasicsTestSupport", path: "Tests/BasicsTestSupport", exclude: ["Python"],
            swiftSettings: house),
        .testTarget(
            name: "BasicsTests", dependencies: ["Basics", "BasicsTestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "ArchivesTests",
            dependencies: ["Archives", "ArchivesTestSupport", "TensorFilesTestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "DownloadsTests",
            dependencies: [
                "Archives", "ArchivesTestSupport", "Basics", "Downloads", "TensorFilesTestSupport",
                crypto,
            ], swiftSettings: house),
        .testTarget(
            name: "DrawingTests", dependencies: ["Drawing", "ImageFiles"],
            exclude: ["Fixtures"], swiftSettings: house),
        .testTarget(
            name: "ImageFoldersTests",
            dependencies: ["Archives", "ArchivesTestSupport", "Basics", "ImageFolders"],
            swiftSettings: house),
        .executableTarget(
            name: "record-writer", dependencies: ["RecordStore"], path: "Tests/RecordWriter",
            swiftSettings: house),
        .executableTarget(
            name: "dashboard-trial", dependencies: ["Dashboard", "RecordStore"],
            path: "Tests/DashboardTrial", swiftSettings: house),
        .testTarget(
            name: "DashboardTests",
            dependencies: [
                "BasicsTestSupport", "Dashboard", "RecordStore", "dashboard-trial",
            ],
            exclude: ["browser.py"], swiftSettings: house),
        .testTarget(
            name: "RecordStoreTests",
            dependencies: [
                "BasicsTestSupport", "RecordStore", "RunRecords", "record-writer", grdb,
            ],
            swiftSettings: house),
        .testTarget(
            name: "EventFilesTests", dependencies: ["BasicsTestSupport", "EventFiles"],
            exclude: ["read_events.py"], swiftSettings: house),
        .testTarget(
            name: "RunReportTests", dependencies: ["RunReport", "Torch"], swiftSettings: house),
        .testTarget(name: "MachineTests", dependencies: ["Machine"], swiftSettings: house),
        .testTarget(
            name: "COCOTests", dependencies: ["COCO", "Masks"],
            exclude: ["Fixtures", "compare_with_pycocotools.py"], swiftSettings: house),
        .testTarget(
            name: "MasksTests", dependencies: ["Masks"],
            exclude: ["Fixtures", "pycocotools_values.py"], swiftSettings: house + fast),
        .testTarget(
            name: "PicklesTests", dependencies: ["Pickles", "TensorFilesTestSupport"],
            swiftSettings: house + fast),
        .testTarget(
            name: "TensorFilesTests",
            dependencies: ["Basics", "TensorFiles", "TensorFilesTestSupport"],
            exclude: ["Fixtures"], swiftSettings: house + fast),
        .testTarget(
            name: "ImageFilesTests",
            dependencies: ["Basics", "CImage", "ImageFiles", crypto],
            exclude: ["Fixtures", "pillow_values.py"], swiftSettings: house + fast),
        .testTarget(
            name: "TorchTests", dependencies: ["Basics", "Torch", "TorchTestSupport"],
            exclude: ["Schemas.txt"], swiftSettings: house),
        .testTarget(
            name: "TorchNNTests", dependencies: ["Torch", "TorchNN", "TorchTestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "TorchDistributedTests",
            dependencies: [
                "BasicsTestSupport", "Distillation", "Recipes", "Torch", "TorchDistributed",
                "TorchNN", "Training", "VisionData", "VisionModels",
            ],
            exclude: ["Python"], swiftSettings: house),
        .testTarget(
            name: "VisionModelsTests",
            dependencies: ["Torch", "TorchNN", "VisionModels", "TorchTestSupport"],
            swiftSettings: house + fast),
        .testTarget(
            name: "DetectorsTests",
            dependencies: [
                "CDetection", "Detectors", "Distillation", "Masks", "Torch", "TorchNN",
                "VisionModels", "TorchTestSupport",
            ],
            exclude: ["Boxes/Values", "Fixtures"], swiftSettings: house + fast),

        .testTarget(
            name: "DetectionTrainingTests",
            dependencies: [
                "COCO", "DetectionTraining", "Detectors", "Distillation", "NetworkFiles",
                "RecipeSyntax",
                "Recipes", "TensorFiles", "Torch", "TorchNN", "Training", "VisionData",
                "VisionModels", "BasicsTestSupport", "TorchTestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "NetworkFilesTests",
            dependencies: [
                "Basics", "Detectors", "NetworkFiles", "TensorFiles", "Torch", "TorchNN",
                "VisionModels", "TensorFilesTestSupport", "TorchTestSupport",
            ],
            exclude: ["Fixtures"], swiftSettings: house + fast),
        .testTarget(
            name: "ONNXFilesTests", dependencies: ["Basics", "ONNXFiles"], swiftSettings: house),
        .testTarget(
            name: "ModelExportTests",
            dependencies: [
                "Basics", "BasicsTestSupport", "Detectors", "ModelExport", "NetworkFiles",
                "ONNXFiles", "TensorFiles",
                "Torch", "TorchNN", "VisionData", "VisionModels", "TorchTestSupport",
            ],
            exclude: ["Python"], swiftSettings: house + fast),
        .testTarget(
            name: "DistillationTests",
            dependencies: ["Torch", "TorchNN", "VisionModels", "Distillation", "TorchTestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "GoldenValuesTests",
            dependencies: ["Torch", "TorchNN", "VisionModels", "Distillation", "TorchTestSupport"],
            swiftSettings: house + fast),
        .testTarget(
            name: "VisionDataTests",
            dependencies: [
                "ArchivesTestSupport", "Basics", "VisionData", "Torch", "TorchNN",
                "TensorFilesTestSupport", crypto,
            ],
            exclude: ["Fixtures"],
            swiftSettings: house),
        .testTarget(
            name: "DetectionDataTests",
            dependencies: ["COCO", "DetectionData", "Detectors", "Masks", "Torch"],
            swiftSettings: house),
        .testTarget(
            name: "RecipesTests",
            dependencies: [
                "Basics", "DetectionData", "Detectors", "TorchNN", "RecipeSyntax", "Recipes",
                "Distillation", "VisionData",
                "VisionModels",
            ],
            swiftSettings: house),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Basics", "BasicsTestSupport", "RunRecords", "Machine", "NetworkFiles", "Recipes",
                "Training", "Torch", "TorchNN", "VisionModels", "VisionData", "Distillation",
                "TorchTestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "StudiesTests",
            dependencies: [
                "Basics", "BasicsTestSupport", "RunRecords", "RecipeSyntax", "Recipes", "Training",
                "Studies", "Torch", "TorchNN", "VisionModels", "VisionData", "Distillation",
            ],
            swiftSettings: house),
        .testTarget(
            name: "ExamplesTests",
            dependencies: [
                "Basics", "Examples", "Torch", "TorchNN", "VisionModels", "VisionData",
                "Distillation", "RunRecords", "RecipeSyntax", "Recipes", "Training",
                "TorchTestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "reviewkd", "ArchivesTestSupport", "Basics", "BasicsTestSupport", "CommandOptions",
                "Distillation", "Drawing", "ImageFiles", "NetworkFiles", "TensorFiles", "Torch",
                "VisionModels",
                "TensorFilesTestSupport", "CZlib", argumentParser, crypto,
            ], exclude: ["Python"], swiftSettings: house),
    ],
    cxxLanguageStandard: .cxx20
)

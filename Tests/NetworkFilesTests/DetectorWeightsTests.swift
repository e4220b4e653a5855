import Basics
import Detectors
import Foundation
import TensorFiles
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import NetworkFiles

@Suite("Weights of detectors")
struct DetectorWeightsTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/detectors")

    private func fixture(_ name: String) -> String { Self.folder.appending(path: name).path }

    private func named(_ name: String) throws -> DetectorArchitecture {
        try DetectorArchitecture(named: name)
    }

    private func withFile<Result>(
        _ entries: [TensorEntry], metadata: [String: String] = [:],
        _ body: (String) throws -> Result
    ) throws -> Result {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "detector-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try Safetensors.encode(entries: entries, metadata: metadata).write(to: url)
        return try body(url.path)
    }

    private func renamed(
        _ entries: [TensorEntry], _ rename: (String) -> String?
    ) -> [TensorEntry] {
        entries.compactMap { entry in
            guard let name = rename(entry.name) else { return nil }
            var entry = entry
            entry.name = name
            return entry
        }
    }

    @Test(
        "The pickles of detectron2's model zoo are read in protocols 2 and 4, of numpy 1 and 2",
        arguments: ["zoo-core-2.pkl", "zoo-core-4.pkl", "zoo-_core-2.pkl", "zoo-_core-4.pkl"])
    func readsZoo(_ name: String) throws {
        let file = try WeightFile.read(path: fixture(name))
        #expect(file.key == "model")
        #expect(file.author == "Detectron2 Model Zoo")
        let entries = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0) })
        let weight = NamedTensor(try #require(entries["backbone.weight"]))
        expectClose(weight.tensor, [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(weight.tensor.shape == [2, 3])
        let turned = NamedTensor(try #require(entries["backbone.turned"]))
        expectClose(turned.tensor, [0, 1, 2, 3, 4, 5])
        #expect(entries["steps"]?.elementType == .int64)
    }

    @Test("Caffe2's dictionary of blobs is found")
    func readsBlobs() throws {
        let file = try WeightFile.read(path: fixture("blobs.pkl"))
        #expect(file.entries.map(\.name) == ["conv1_w", "conv1_w_momentum"])
    }

    @Test(
        "A pickle that asks for code is one error, wherever it asks, and nothing of it runs",
        arguments: ["code-beside.pkl", "code-instead.pkl", "code-all.pkl"])
    func refusesCode(_ name: String) throws {
        let architecture = try named("faster_rcnn_R18")
        let error = #expect(throws: WeightFileError.self) {
            try DetectorWeights(path: fixture(name), for: architecture)
        }
        let text = try #require(error?.description)
        #expect(text.contains("posix.system"), "\(text)")
        #expect(text.contains("nothing of the file was executed"), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: "reviewkd-was-here"))
    }

    @Test("Names of Caffe2 and torchvision become what detectron2's conversion makes of them")
    func convertsNames() throws {
        let contents = try Data(contentsOf: Self.folder.appending(path: "names.json"))
        let kinds = try JSONDecoder().decode(
            [String: [String: [String: String]]].self, from: contents)
        #expect(kinds.count == 2)
        for (kind, schemes) in kinds {
            let wanted = try #require(BottomUpKind(rawValue: kind)).make(
                norm: .frozen, frozenParts: 0, generator: Generator(seed: 0)
            ).stateDict().map(\.name)
            for (names, scheme) in [
                (try #require(schemes["caffe2"]), BottomUpNames.caffe2),
                (try #require(schemes["torchvision"]), .torchvision),
            ] {
                for (name, golden) in names { #expect(scheme.ownName(name) == golden) }
                let statistics = { (name: String) in
                    scheme == .caffe2
                        && (name.hasSuffix("running_mean") || name.hasSuffix("running_var"))
                }
                #expect(Set(names.values) == Set(wanted.filter { !statistics($0) }))
            }
        }
        for name in ["fc1000_w", "pred_b", "conv1_b", "fc.weight", "stem.fc.bias"] {
            #expect(BottomUpNames.allCases.allSatisfy { $0.ownName(name) == nil }, "\(name)")
        }
    }

    @Test(
        "A detector's stages are those of the network for photographs whose weights it took",
        arguments: [
            ("imagenet-ResNet18", "faster_rcnn_R18"), ("imagenet-ResNet50", "retinanet_R50"),
        ])
    func takesPhotographNetworks(network: String, detector: String) throws {
        let network = try Architecture(named: network).make(
            classCount: 3, generator: Generator(seed: 1))
        network.stateDict().fillWithHash(base: 300)
        network.eval()
        let architecture = try named(detector)
        var remarks: [String] = []
        let entries = renamed(network.stateDict().map(\.entry)) { "module.\($0)" }
        let (found, format) = try withFile(entries) { path in
            try loadDetector(
                architecture, weights: path, requiresHeads: false, generator: Generator(seed: 2)
            ) { remarks.append($0.description) }
        }
        #expect(format == .imageNet)
        #expect(!found.settings.strideIn1x1)
        #expect(remarks.count == 2 && remarks[1].contains("RGB, mean 123.675, 116.28, 103.53"))
        #expect(remarks[0].contains("left out 'module.fc.bias', 'module.fc.weight'"), "\(remarks)")
        withoutGrad {
            let images = Tensor.hashed(5, shape: [1, 3, 64, 64], scale: 2, dtype: .float32)
            let maps = found.maps(
                of: images, by: LayersAsTheyStand(keepsPreactivations: false))
            for (stage, golden) in zip(maps.stages, network.features(images).stages) {
                #expect(relativeError(stage, golden) < 1e-5)
            }
        }
    }

    @Test("Caffe2's networks, which have no means and variances, leave those as they are new")
    func takesCaffe2() throws {
        let architecture = try named("faster_rcnn_R50")
        let bottomUp = BottomUpKind.resNet50.make(
            norm: .frozen, frozenParts: 0, generator: Generator(seed: 3))
        let contents = try Data(contentsOf: Self.folder.appending(path: "names.json"))
        let golden = try JSONDecoder().decode(
            [String: [String: [String: String]]].self, from: contents)
        let names = try #require(golden["R50"]?["caffe2"])
        let own = Dictionary(uniqueKeysWithValues: names.map { ($1, $0) })
        let weights = renamed(bottomUp.stateDict().map(\.entry)) { own[$0] }
        let classifier = renamed([weights[0]]) { _ in "fc1000_w" }
        let (detector, format) = try withFile(weights + classifier) { path in
            #expect(throws: DetectorFileError.self) {
                try loadDetector(architecture, weights: path, generator: Generator(seed: 4))
            }
            return try loadDetector(
                architecture, weights: path, requiresHeads: false, generator: Generator(seed: 4))
        }
        #expect(format == .caffe2)
        #expect(detector.settings.strideIn1x1)
        let found = detector.stateDict().entries(below: "backbone.bottom_up")
        for (entry, golden) in zip(found, bottomUp.stateDict()) {
            #expect(relativeError(entry.tensor, golden.tensor, atLeast: 1e-6) == 0, "\(entry.name)")
        }
    }

    @Test("A whole detector is read without the anchors and constants of older files")
    func takesDetectors() throws {
        let architecture = try named("retinanet_R18")
        let golden = architecture.make(generator: Generator(seed: 5))
        var extra = golden.stateDict()[0].entry
        extra.name = "anchor_generator.cell_anchors.0"
        var mean = extra
        mean.name = "pixel_mean"
        let entries = golden.stateDict().map(\.entry) + [extra, mean]
        let wrapped = renamed(entries) { "model.\($0)" }
        var remarks: [String] = []
        let (detector, format) = try withFile(wrapped) { path in
            try loadDetector(architecture, weights: path, generator: Generator(seed: 6)) {
                remarks.append($0.description)
            }
        }
        #expect(format == .imageNet)
        #expect(remarks.count == 2, "\(remarks)")
        for (found, golden) in zip(detector.stateDict(), golden.stateDict()) {
            #expect(relativeError(found.tensor, golden.tensor, atLeast: 1e-9) == 0)
        }
    }

    @Test(
        "Weights of another detector are refused with its name, and a layer more is none to leave out"
    )
    func refusesOthers() throws {
        let other = try named("mask_rcnn_R18").make(generator: Generator(seed: 7))
        try withFile(other.stateDict().map(\.entry)) { path in
            let error = #expect(throws: StateDictError.self) {
                try loadDetector(
                    named("faster_rcnn_R18"), weights: path, generator: Generator(seed: 8))
            }
            let text = try #require(error?.description)
            #expect(text.contains("they are those of mask_rcnn_R18"), "\(text)")
            #expect(text.contains("roi_heads.mask_head"), "\(text)")
        }
        let bottomUp = BottomUpKind.resNet34.make(
            norm: .frozen, frozenParts: 0, generator: Generator(seed: 9))
        try withFile(bottomUp.stateDict().map(\.entry)) { path in
            let error = #expect(throws: StateDictError.self) {
                try loadDetector(
                    named("faster_rcnn_R18"), weights: path, requiresHeads: false,
                    generator: Generator(seed: 8))
            }
            #expect(error?.description.contains("they are those of R34") == true)
        }
    }

    @Test(
        "A detector's file tells by the shape of its heads how many classes it has",
        arguments: ["faster_rcnn_R18", "mask_rcnn_MV2", "retinanet_R18"])
    func countsClasses(_ name: String) throws {
        let architecture = try named(name)
        var settings = DetectorSettings()
        settings.classCount = 5
        let detector = architecture.make(settings: settings, generator: Generator(seed: 6))
        let entries = detector.stateDict().map(\.entry)
        let count = try withFile(entries) { path in
            try DetectorWeights(path: path, for: architecture).classCount
        }
        #expect(count == 5)
        let bottomUp = entries.filter { $0.name.hasPrefix("backbone.bottom_up.") }
        let none = try withFile(bottomUp) { path in
            try DetectorWeights(path: path, for: architecture).classCount
        }
        #expect(none == nil)
    }

    @Test("A file of this package says itself how pictures are taken")
    func readsOwnFormat() throws {
        let architecture = try named("retinanet_R18")
        let entries = architecture.make(generator: Generator(seed: 5)).stateDict().map(\.entry)
        let metadata = ["mean": "[0.5,0.4,0.3]", "std": "[0.2,0.2,0.25]"]
        let format = try withFile(entries, metadata: metadata) { path in
            try DetectorWeights(path: path, for: architecture).format
        }
        #expect(format.channels == .rgb)
        expectClose(Tensor(format.mean), [127.5, 102, 76.5])
        expectClose(Tensor(format.deviation), [51, 51, 63.75])
    }

    @Test("A network whose first convolution was turned computes the same from other pictures")
    func turnsPictures() throws {
        let detector = try named("faster_rcnn_R18").make(generator: Generator(seed: 10))
        let bytes = Tensor.hashed(3, shape: [3, 40, 64], scale: 100, dtype: .float32) + 120
        func maps(_ format: PixelFormat) -> [Tensor] {
            let order = Tensor(format.channels == .rgb ? [Int64(0), 1, 2] : [2, 1, 0])
            let mean = Tensor(format.mean, shape: [3, 1, 1]).to(.float32)
            let deviation = Tensor(format.deviation, shape: [3, 1, 1]).to(.float32)
            return withoutGrad {
                detector.features(padded([(bytes.select(0, order) - mean) / deviation])).stages
            }
        }
        let before = maps(.caffe2)
        #expect(detector.takePictures(as: .imageNet, insteadOf: .caffe2))
        let after = maps(.imageNet)
        for (before, after) in zip(before, after) { #expect(relativeError(after, before) < 1e-4) }
        #expect(relativeError(maps(.caffe2)[0], before[0]) > 0.1)
        let other = PixelFormat(channels: .rgb, mean: [1, 2, 3], deviation: [1, 1, 1])
        #expect(!detector.takePictures(as: other, insteadOf: .imageNet))
    }
}

import Basics
import Detectors
import Foundation
import TensorFiles
import Torch
import TorchNN
import VisionModels

/// A file's weights for a detector: all of them, or those of the bottom-up network alone.
///
/// It takes detectron2's model zoo (`.pkl`, a pickle of NumPy's arrays, of which nothing is executed) and its
/// checkpoints, this package's own files, and for the bottom-up network Caffe2's and torchvision's residual
/// networks and this package's for photographs.
public struct DetectorWeights {
    /// Whether the file has the heads too; else those of a new detector stay as they are.
    public let isWhole: Bool

    /// How the network takes pictures.
    public let format: PixelFormat

    /// Whether the stride of a bottleneck block is in its first 1×1 convolution, which the detector's settings have
    /// to say.
    public let strideIn1x1: Bool

    /// How many classes the heads tell apart, by the shape of their last layer; nil where there are no heads.
    public let classCount: Int?

    private let path: String
    private let content: Content

    private enum Content {
        /// The sets of a file that has detectors.
        case detector([WeightFile])

        /// A bottom-up network under detectron2's names, and the file's names of what was left out.
        case bottomUp(entries: [TensorEntry], leftOut: [String], names: BottomUpNames)
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - key: where in the file the weights are.
    ///   - architecture: the detector that they are for.
    /// - Throws: `WeightFileError` or `OwnRunError`.
    public init(
        path: String, key: WeightsKey = WeightsKey(), for architecture: DetectorArchitecture
    ) throws {
        try refuseOwnRun(path: path)
        let files = try WeightFile.readAll(path: path, key: key)
        try refuseOwnCheckpoint(files, path: path)
        self.path = path
        let isOfDetector = { (file: WeightFile) in
            file.entries.contains { Self.landmarks.contains(NameMatch.lastParts($0.name, 3)) }
        }
        let found = BottomUpNames.allCases.lazy.compactMap { names in
            files.lazy.compactMap { file in Self.bottomUp(file, names) }.first
        }.first
        guard let found, !files.contains(where: isOfDetector) else {
            isWhole = true
            classCount = files.lazy.flatMap(\.entries).compactMap(Self.classCount).first
            content = .detector(files.map(Self.withoutConstants))
            format = files.lazy.compactMap(Self.ownFormat).first ?? architecture.publishedFormat
            strideIn1x1 = files.lazy.compactMap { $0.metadata["stride_in_1x1"] }.first != "false"
            return
        }
        isWhole = false
        classCount = nil
        content = .bottomUp(entries: found.entries, leftOut: found.leftOut, names: found.names)
        // detectron2's script for torchvision's networks leaves the stride where it is.
        let isTorchvision = files.contains { $0.author == "torchvision" }
        format = isTorchvision ? .imageNet : found.format
        strideIn1x1 = found.names.hasStrideIn1x1 && !isTorchvision
    }

    /// Names that every detector has, the ends of them.
    private static let landmarks: Set = [
        "backbone.fpn_lateral3.weight", "backbone.fpn_output3.weight",
    ]

    /// By the rows of the weights that judge classes: one more for background, or some for each anchor.
    static func classCount(by entry: TensorEntry) -> Int? {
        guard let rows = entry.shape.first else { return nil }
        return switch NameMatch.lastParts(entry.name, 3) {
        case "box_predictor.cls_score.weight": rows - 1
        case "head.cls_score.weight":
            rows / DenseSettings().anchors.countPerPlace(level: 0)
        default: nil
        }
    }

    private struct BottomUpPart {
        let entries: [TensorEntry]
        let leftOut: [String]
        let names: BottomUpNames
        let format: PixelFormat
    }

    private static func bottomUp(_ file: WeightFile, _ names: BottomUpNames) -> BottomUpPart? {
        guard let prefix = names.prefix(of: file.entries.map(\.name)) else { return nil }
        var entries: [TensorEntry] = []
        var leftOut: [String] = []
        for entry in file.entries where !entry.name.hasSuffix("_momentum") {
            guard entry.name.hasPrefix(prefix),
                let own = names.ownName(String(entry.name.dropFirst(prefix.count)))
            else {
                leftOut.append(entry.name)
                continue
            }
            var entry = entry
            entry.name = own
            entries.append(entry)
        }
        let isMobile = entries.contains { $0.name.hasPrefix("features.") }
        return BottomUpPart(
            entries: entries, leftOut: leftOut, names: names,
            format: ownFormat(file) ?? (isMobile ? .imageNet : names.format))
    }

    /// A set without what detectron2 once kept among the weights: anchors, and how pictures are normalised.
    static func withoutConstants(_ file: WeightFile) -> WeightFile {
        var file = file
        file.entries.removeAll { entry in
            entry.name.contains("anchor_generator.cell_anchors")
                || ["pixel_mean", "pixel_std"].contains(NameMatch.lastParts(entry.name, 1))
        }
        return file
    }

    static func withoutCounters(_ file: WeightFile) -> WeightFile {
        var file = file
        file.entries.removeAll { $0.name.hasSuffix("num_batches_tracked") }
        return file
    }

    /// What a file of this package says of its pictures, for channels 0...1 with red first.
    private static func ownFormat(_ file: WeightFile) -> PixelFormat? {
        func numbers(_ key: String) -> [Double]? {
            file.metadata[key].flatMap {
                try? JSONDecoder().decode([Double].self, from: Data($0.utf8))
            }
        }
        guard let mean = numbers("mean"), let deviation = numbers("std"), mean.count == 3,
            deviation.count == 3, deviation.allSatisfy({ $0 > 0 })
        else { return nil }
        return PixelFormat(
            channels: .rgb, mean: mean.map { $0 * 255 }, deviation: deviation.map { $0 * 255 })
    }

    // MARK: - Loading

    /// Overwrites a detector's tensors with these.
    ///
    /// - Parameters:
    ///   - detector: made with `strideIn1x1` in its settings.
    ///   - architecture: its architecture.
    ///   - remark: called with what a user should know about what was taken.
    /// - Throws: `StateDictError` where they do not fit; the detector then is as it was.
    public func load(
        into detector: any Detector, _ architecture: DetectorArchitecture,
        remark: (WeightsRemark) -> Void = { _ in }
    ) throws(StateDictError) {
        switch content {
        case .detector(let files):
            try load(files, into: detector, architecture, remark)
        case .bottomUp(let entries, let leftOut, let names):
            try load(entries, names, into: detector, architecture)
            let text =
                "took the bottom-up network alone, under \(entries.count) names"
                + (leftOut.isEmpty
                    ? "" : "; left out \(leftOut.map(\.quoted).firstFew)")
            remark(WeightsRemark(path: path, text))
        }
        remark(WeightsRemark(path: path, "the network takes pictures as \(format)"))
    }

    private func load(
        _ files: [WeightFile], into detector: any Detector, _ architecture: DetectorArchitecture,
        _ remark: (WeightsRemark) -> Void
    ) throws(StateDictError) {
        let wanted = detector.stateDict()
        // Norms that learned may be frozen here, where nothing counts their batches.
        let counts = wanted.contains(where: \.isBatchCounter)
        let files = counts ? files : files.map(Self.withoutCounters)
        let weights = FittingWeights(files, for: wanted, parts: Self.partsOfDetectors)
        do throws(StateDictError) {
            try detector.load(
                stateDict: weights.stateDict, named: "\(architecture.name) (file \(path))")
        } catch {
            var error = error
            error.notTensors = weights.notTensors(under: error.missing)
            error.remedy = weights.remedy
            error.fitting =
                DetectorArchitecture.all.first {
                    $0 != architecture && $0.fits(files, detector.settings)
                }?.name
            throw error
        }
        for text in weights.remarks(of: path) { remark(text) }
    }

    /// The first parts of the names of every detector's tensors.
    static let partsOfDetectors: Set = ["backbone", "proposal_generator", "roi_heads", "head"]

    private func load(
        _ entries: [TensorEntry], _ names: BottomUpNames, into detector: any Detector,
        _ architecture: DetectorArchitecture
    ) throws(StateDictError) {
        let wanted = detector.bottomUpState
        do throws(StateDictError) {
            try fitting(entries, names, wanted).copy(
                into: wanted,
                of: "the bottom-up network of \(architecture.name) (file \(path))")
        } catch {
            var error = error
            error.fitting = BottomUpKind.allCases.first { kind in
                let network = withNewTensors(on: .meta) {
                    kind.make(
                        norm: detector.settings.norm, frozenParts: 0,
                        generator: Generator(seed: 0))
                }
                let state = network.stateDict()
                let own = fitting(entries, names, state)
                return kind != architecture.bottomUp
                    && (try? own.check(fits: state, of: "")) != nil
            }.map { "\($0.rawValue)" }
            throw error
        }
    }

    /// The tensors for a network, with the means and variances that Caffe2's files have made part of the rest.
    private func fitting(
        _ entries: [TensorEntry], _ names: BottomUpNames, _ wanted: [NamedTensor]
    ) -> [NamedTensor] {
        let counts = wanted.contains(where: \.isBatchCounter)
        let given = entries.map { NamedTensor($0) }.filter { counts || !$0.isBatchCounter }
        guard names == .caffe2 else { return given }
        let known = Set(given.map(\.name))
        let fresh = wanted.filter { entry in
            !known.contains(entry.name)
                && (entry.name.hasSuffix(".running_mean") || entry.name.hasSuffix(".running_var"))
        }
        return given
            + fresh.map { entry in
                // One that leaves a map as it is.
                let value = entry.name.hasSuffix("mean") ? 0 : 1 - 1e-5
                return NamedTensor(
                    entry.name, .full(entry.tensor.shape, value, device: entry.tensor.device))
            }
    }
}

extension Detector {
    /// The bottom-up network's tensors, under names without what stands before them.
    fileprivate var bottomUpState: [NamedTensor] {
        stateDict().entries(below: "backbone.bottom_up")
    }
}

extension DetectorArchitecture {
    /// How the published detectors of this kind take pictures, where the file does not say it.
    public var publishedFormat: PixelFormat {
        switch bottomUp {
        case .resNet18, .resNet34: .imageNet
        case .resNet50, .resNet101, .mobileNetV2: .caffe2
        }
    }

    /// Whether a file has weights of this detector.
    fileprivate func fits(_ files: [WeightFile], _ settings: DetectorSettings) -> Bool {
        let wanted = make(
            settings: settings, generator: Generator(seed: 0), device: .meta
        ).stateDict()
        let weights = FittingWeights(
            files, for: wanted, parts: DetectorWeights.partsOfDetectors)
        return (try? weights.stateDict.check(fits: wanted, of: name)) != nil
    }
}

extension NameMatch {
    /// The last parts of a name between dots.
    fileprivate static func lastParts(_ name: String, _ count: Int) -> String {
        name.split(separator: ".").suffix(count).joined(separator: ".")
    }
}

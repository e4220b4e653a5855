import Basics
import Foundation
import ImageFolders
import ModelExport
import ONNXFiles
import Terminal
import Torch
import TorchNN
import VisionData
import VisionModels

/// The images that show how large a network's values are, and those that it is judged by.
struct CalibrationImages {
    /// A normalisation that changes nothing.
    static let unchanged = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])

    /// How many images show the ranges, and how many of a photographs' folder are judged at most.
    private static let (calibrationCount, judgedPhotographs) = (512, 1000)

    private let calibration: any EvaluationBatches
    private let judged: any EvaluationBatches

    /// Whether the images' classes are the network's.
    private let hasClasses: Bool

    /// Opens a folder: CIFAR's for a network of 32×32 images, else photographs, with classes or without.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - exported: the network.
    ///   - normalization: of the images that the graph takes.
    /// - Throws: the data set's own errors.
    init(
        of folder: String, for exported: ExportedNetwork, normalization: Normalization
    ) throws {
        let isSmall = exported.architecture.imageSize == 32 && exported.imageSize == 32
        let settings = PhotographSettings(imageSize: exported.imageSize)
        let sources: (train: any ImageSource, test: any ImageSource)
        if isSmall, exported.classCount == 10 || exported.classCount == 100 {
            let dataset: Dataset = exported.classCount == 10 ? .cifar10 : .cifar100
            sources = (try dataset.open(.train, in: folder), try dataset.open(.test, in: folder))
        } else if Disk.isDirectory(URL(filePath: folder).appending(path: "val")) {
            let open = { try Dataset.folder.open($0, in: folder, photographs: settings) }
            let test = try open(.test)
            let hasTrain = Disk.isDirectory(URL(filePath: folder).appending(path: "train"))
            sources = (hasTrain ? try open(.train) : test, test)
        } else {
            let plain = PhotographSource(
                try ImageFolder.list(ofPaths: [folder]), settings: settings,
                reading: PhotographReading(), device: .cpu,
                remark: { printError("note: \($0)") })
            sources = (plain, plain)
        }
        hasClasses = sources.test.classCount == exported.classCount
        let judgedCount = isSmall ? sources.test.count : Self.judgedPhotographs
        // The ranges of a batch are read at its end, so that small ones keep memory low.
        let batchSize = isSmall ? 128 : 16
        calibration = sources.train.evaluation(
            positions: Self.spread(Self.calibrationCount, over: sources.train.count),
            normalization: normalization, batchSize: batchSize)
        judged = sources.test.evaluation(
            positions: Self.spread(judgedCount, over: sources.test.count),
            normalization: normalization, batchSize: batchSize)
    }

    /// Positions at equal distances; all where there are not more.
    private static func spread(_ wanted: Int, over count: Int) -> [Int64]? {
        guard wanted < count else { return nil }
        return (0..<wanted).map { Int64($0 * count / wanted) }
    }

    /// Makes 8-bit numbers of a graph's.
    ///
    /// - Parameter graph: with folded batch norms.
    /// - Returns: the quantised graph.
    /// - Throws: `ExportError`, or where images cannot be read.
    func quantized(_ graph: ONNXGraph) throws -> ONNXGraph {
        let float = try GraphRun(graph)
        var ranges = ValueRanges()
        try calibration.forEach { try ranges.add($0.images, by: float) }
        return try graph.quantized(ranges)
    }

    /// Judges a graph and the quantised one of it.
    ///
    /// - Parameters:
    ///   - graph: with numbers of float32.
    ///   - quantized: the same with 8-bit numbers.
    ///   - isQuiet: whether no progress is shown.
    /// - Returns: how well they do.
    /// - Throws: `GraphRunError`, or where images cannot be read.
    func judge(
        _ graph: ONNXGraph, _ quantized: ONNXGraph, isQuiet: Bool
    ) throws -> WrittenExport.Quantization {
        let (float, whole) = (try GraphRun(graph), try GraphRun(quantized))
        let progress = EvaluationProgress(quiet: isQuiet)
        var tally = Tally()
        try judged.forEach { batch in
            let before = try float(batch.images).argmax(1)
            let after = try whole(batch.images).argmax(1)
            tally.add(before, after, batch.targets)
            progress.show(tally.count, of: judged.imageCount)
        }
        return WrittenExport.Quantization(
            calibrationImages: calibration.imageCount, images: tally.count,
            floatTop1: hasClasses ? tally.percent(tally.float) : nil,
            int8Top1: hasClasses ? tally.percent(tally.whole) : nil,
            agreement: tally.percent(tally.same))
    }

    /// How many images were named right, and alike.
    private struct Tally {
        var count = 0
        var float = 0
        var whole = 0
        var same = 0

        mutating func add(_ before: Tensor, _ after: Tensor, _ targets: Tensor) {
            func equal(_ one: Tensor, _ other: Tensor) -> Int {
                Int(one.isEqual(to: other).to(.float32).sum().item())
            }
            count += targets.size(0)
            float += equal(before, targets)
            whole += equal(after, targets)
            same += equal(before, after)
        }

        func percent(_ part: Int) -> Double { 100 * Double(part) / Double(max(count, 1)) }
    }
}

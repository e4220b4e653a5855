import Basics
import Downloads
import Foundation
import Torch

/// A data set: its name in recipes and on the command line, what is known of it, and how it is opened.
public struct Dataset: Sendable {
    /// A part of a data set that is trained or tested on.
    public enum Split: String, Sendable, CaseIterable {
        /// The images to train on.
        case train
        /// The images to test on.
        case test
    }

    /// What is known of a data set before one of its files is read.
    public struct Facts: Sendable, Equatable {
        /// The number of images to train on.
        public let trainingImages: Int

        /// The number of images to test on.
        public let testImages: Int

        /// The number of classes.
        public let classCount: Int

        /// Gathers the facts.
        public init(trainingImages: Int, testImages: Int, classCount: Int) {
            self.trainingImages = trainingImages
            self.testImages = testImages
            self.classCount = classCount
        }
    }

    /// What a split is opened for.
    public struct Request {
        /// The part of the data set.
        public let split: Split

        /// The folder that the user named.
        public let directory: String?

        /// Where the images, or the batches made of them, are to be.
        public let device: Device

        /// How photographs become batches; of no matter for other images.
        public let photographs: PhotographSettings

        /// How files of photographs are read.
        public let reading: PhotographReading

        /// Told the number of images while a folder is listed.
        public let progress: (Int) -> Void

        /// Called with what a reader of the results should know.
        public let remark: (String) -> Void
    }

    /// The name in recipes and on the command line, one of a kind and in lower case.
    public let name: String

    /// The mean and deviation of its own training images; nil where a recipe must give some.
    public let normalization: Normalization?

    /// What is known before a file is read; nil where only the files tell.
    public let facts: Facts?

    /// The published archive; nil where it cannot be downloaded by itself.
    public let archive: PublishedArchive?

    /// Whether its images lie in a folder that the user names.
    public let needsFolder: Bool

    /// Whether its images are files of any size, decoded while a run goes on.
    public let hasPhotographs: Bool

    /// Whether its images have boxes around objects, for detectors, in place of a class each.
    public let hasObjects: Bool

    /// How many images are evaluated at once where nothing else is asked for.
    public var evaluationBatchSize: Int { hasObjects ? 1 : hasPhotographs ? 100 : 1000 }

    private let openSplit: @Sendable (Request) throws -> any ImageSource

    /// Describes a data set whose images come from anywhere.
    ///
    /// - Parameters:
    ///   - name: one of a kind among all data sets, in lower case.
    ///   - normalization: of its own training images; nil where a recipe must give one.
    ///   - facts: what is known before a file is read.
    ///   - archive: the published archive, if it can be downloaded.
    ///   - needsFolder: whether its images lie in a folder that the user names.
    ///   - hasPhotographs: whether its images are files of any size, decoded while a run goes on.
    ///   - hasObjects: whether its images have boxes around objects.
    ///   - open: opens a split; the request's folder is there if one is needed.
    public init(
        name: String, normalization: Normalization?, facts: Facts? = nil,
        archive: PublishedArchive? = nil, needsFolder: Bool = true, hasPhotographs: Bool = false,
        hasObjects: Bool = false,
        open: @escaping @Sendable (Request) throws -> any ImageSource
    ) {
        self.name = name
        self.normalization = normalization
        self.facts = facts
        self.archive = archive
        self.needsFolder = needsFolder
        self.hasPhotographs = hasPhotographs
        self.hasObjects = hasObjects
        openSplit = open
    }

    /// Describes a data set that is small enough to lie in memory, and is read from a folder.
    ///
    /// - Parameters:
    ///   - name: one of a kind among all data sets, in lower case.
    ///   - normalization: of its own training images; nil where a recipe must give one.
    ///   - facts: what is known before a file is read.
    ///   - archive: the published archive, if it can be downloaded.
    ///   - read: reads a split from a folder.
    public init(
        name: String, normalization: Normalization?, facts: Facts? = nil,
        archive: PublishedArchive? = nil,
        read: @escaping @Sendable (_ split: Split, _ directory: URL) throws -> LabelledImages
    ) {
        self.init(name: name, normalization: normalization, facts: facts, archive: archive) {
            let directory = URL(fileURLWithPath: $0.directory ?? ".", isDirectory: true)
            let images = try read($0.split, directory)
            if let warning = images.warning { $0.remark("\($0.split.rawValue): \(warning)") }
            return ImageSet(images, device: $0.device)
        }
    }

    /// Opens a part of the data set.
    ///
    /// - Parameters:
    ///   - split: the part.
    ///   - directory: the folder that holds the data set's folder, or that folder itself.
    ///   - device: where the images, or the batches made of them, are to be.
    ///   - photographs: how photographs become batches; of no matter for other images.
    ///   - reading: how files of photographs are read.
    ///   - progress: told the number of images while a folder is listed.
    ///   - remark: called with what a reader of the results should know.
    /// - Returns: the images.
    /// - Throws: `DatasetError.noFolder` where one is needed; the data set's own errors where files are
    ///   missing or damaged.
    public func open(
        _ split: Split, in directory: String?, device: Device = .cpu,
        photographs: PhotographSettings = PhotographSettings(),
        reading: PhotographReading = PhotographReading(),
        progress: @escaping (Int) -> Void = { _ in },
        remark: @escaping (String) -> Void = { _ in }
    ) throws -> any ImageSource {
        guard !needsFolder || directory != nil else { throw DatasetError.noFolder(dataset: name) }
        return try openSplit(
            Request(
                split: split, directory: directory, device: device, photographs: photographs,
                reading: reading, progress: progress, remark: remark))
    }
}

extension Dataset {
    /// Finds a data set by name; letter case does not matter.
    ///
    /// - Throws: `DatasetError.unknown` with the names that exist.
    public init(named name: String) throws(DatasetError) {
        self = try Self.named(name, among: Self.all)
    }

    /// Finds a data set among some; letter case does not matter.
    package static func named(
        _ name: String, among known: [Dataset]
    ) throws(DatasetError) -> Dataset {
        guard let found = known.first(where: { $0.name == name.lowercased() })
        else { throw .unknown(name: name, known: known.map(\.name)) }
        return found
    }
}

extension Dataset: Hashable {
    /// Whether both have one name.
    public static func == (first: Dataset, second: Dataset) -> Bool { first.name == second.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Dataset: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

/// A data set that cannot be opened.
public enum DatasetError: Error, Equatable {
    /// There is no data set of that name.
    case unknown(name: String, known: [String])
    /// The images lie in a folder, and none was named.
    case noFolder(dataset: String)
    /// Its images have objects, and a network is to tell one class an image.
    case hasObjects(dataset: String)
}

extension DatasetError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .unknown: problem
        case .noFolder: sentences(problem, "name the one that holds the data set")
        case .hasObjects: problem
        }
    }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .unknown(let name, let known):
            "data set '\(name)' is unknown; expected one of \(known.joined(separator: ", "))"
                + (NearestName.find(name, among: known).map { "; did you mean \"\($0)\"?" } ?? "")
        case .noFolder(let dataset):
            "no folder of images is given for the data set \(dataset)."
        case .hasObjects(let dataset):
            "the images of \(dataset) have objects in boxes and not one class each. Expected a detector, "
                + "such as faster_rcnn_R18."
        }
    }
}

import Basics
import COCO
import Crypto
import DetectionData
import Detectors
import Foundation
import Recipes
import Torch
import VisionData

/// The pictures of a run, opened for its device.
public struct DetectionPictures {
    /// To learn from.
    public let train: PictureSource

    /// To be judged by.
    public let test: PictureSource

    /// More test pictures than these are evaluated after the last epoch alone.
    private static let mostJudgedEveryEpoch = 1000

    /// Whether so many test pictures are evaluated after every epoch, and not after the last one alone.
    package static func areJudgedEveryEpoch(_ count: Int) -> Bool { count <= mostJudgedEveryEpoch }

    /// Whether the test pictures are evaluated after every epoch, and not after the last one alone.
    public var areJudgedEveryEpoch: Bool { Self.areJudgedEveryEpoch(test.count) }

    /// A digest of all pictures, with their sizes and what is in them.
    var digest: String {
        var hash = SHA256()
        for annotations in [train.annotations, test.annotations] {
            for image in annotations.images {
                let size = "\(image.width ?? 0) \(image.height ?? 0)"
                hash.update(data: Data("\(image.id) \(size)\n".utf8))
            }
            for category in annotations.categories {
                hash.update(data: Data("\(category.id) \(category.name ?? "")\n".utf8))
            }
            for object in annotations.annotations {
                let (image, category) = (object.imageID, object.categoryID)
                let box = object.box.map { "\($0.x) \($0.y) \($0.width) \($0.height)" } ?? ""
                hash.update(data: Data("\(image) \(category) \(box)\n".utf8))
            }
        }
        return hash.finalize().hexadecimal
    }

    /// Gathers both.
    public init(train: PictureSource, test: PictureSource) {
        self.train = train
        self.test = test
    }

    /// Opens both splits of a recipe's data set.
    ///
    /// - Parameters:
    ///   - recipe: of the run.
    ///   - directory: the folder that holds `annotations`, `train2017` and `val2017`.
    ///   - reading: how pictures are read.
    ///   - device: where batches are to be.
    ///   - remark: told what a reader of the results should know.
    /// - Throws: `ModelError` where there is no such detector, `COCOFileError` or `PictureError` where the
    ///   annotations cannot be used.
    public init(
        of recipe: Recipe, in directory: String, reading: PhotographReading, device: Device,
        remark: @escaping (String) -> Void
    ) throws {
        var settings = recipe.dataset.pictures
        settings.flips = recipe.dataset.augmentation.flips
        let hasMasks = try DetectorArchitecture(named: recipe.student.model).hasMasks
        func open(_ split: Dataset.Split) throws -> PictureSource {
            try PictureSource(
                split, in: directory, settings: settings, reading: reading, device: device,
                withMasks: hasMasks, remark: remark)
        }
        self.init(train: try open(.train), test: try open(.test))
    }
}

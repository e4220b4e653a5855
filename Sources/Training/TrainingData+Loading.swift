import Recipes
import Torch
import VisionData

extension TrainingData {
    /// Opens both splits of a data set.
    ///
    /// - Parameters:
    ///   - dataset: the data set.
    ///   - directory: the folder that holds the data set's folder, or that folder; nil where none is needed.
    ///   - device: where the images will be.
    ///   - reading: how files of photographs are read.
    ///   - remark: called with what a reader of the results should know.
    /// - Throws: what `Dataset.open` throws.
    public init(
        _ dataset: Dataset, from directory: String? = nil, device: Device,
        reading: PhotographReading = PhotographReading(),
        remark: @escaping (String) -> Void = { _ in }
    ) throws {
        func open(_ split: Dataset.Split) throws -> any ImageSource {
            try dataset.open(
                split, in: directory, device: device, reading: reading, remark: remark)
        }
        self.init(train: try open(.train), test: try open(.test))
    }

    /// Opens both splits of a recipe's data set.
    ///
    /// - Parameters:
    ///   - settings: the data set, and how its images become batches.
    ///   - directory: the folder that holds the data set's folder, or that folder; nil where none is needed.
    ///   - device: where the images will be.
    ///   - reading: how files of photographs are read.
    ///   - progress: told the number of images while a folder is listed.
    ///   - remark: called with what a reader of the results should know.
    /// - Throws: what `Dataset.open` throws.
    public init(
        _ settings: DatasetSettings, from directory: String?, device: Device,
        reading: PhotographReading = PhotographReading(),
        progress: @escaping (Int) -> Void = { _ in }, remark: @escaping (String) -> Void
    ) throws {
        func open(_ split: Dataset.Split) throws -> any ImageSource {
            try settings.images.open(
                split, in: directory, device: device, photographs: settings.photographs,
                reading: reading, progress: progress, remark: remark)
        }
        self.init(train: try open(.train), test: try open(.test))
    }
}

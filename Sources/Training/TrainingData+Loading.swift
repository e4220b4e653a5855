import Torch
import VisionData

extension TrainingData {
    /// Opens both splits of a data set.
    ///
    /// - Parameters:
    ///   - dataset: the data set.
    ///   - directory: the folder that holds the data set's folder, or that folder; nil where none is needed.
    ///   - device: where the images will be.
    ///   - remark: called with what a reader of the results should know.
    /// - Throws: what `Dataset.open` throws.
    public init(
        _ dataset: Dataset, from directory: String? = nil, device: Device,
        remark: @escaping (String) -> Void = { _ in }
    ) throws {
        func open(_ split: Dataset.Split) throws -> any ImageSource {
            try dataset.open(split, in: directory, device: device, remark: remark)
        }
        self.init(train: try open(.train), test: try open(.test))
    }
}

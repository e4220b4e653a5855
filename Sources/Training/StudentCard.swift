import Foundation
import Recipes
import TensorFiles
import TorchNN
import VisionData

/// What a student's file says of itself, so that it can be used elsewhere: texts in the metadata of
/// safetensors.
public struct StudentCard: Equatable, Sendable {
    /// The name of the network.
    public var model: String?

    /// The names of the classes by their numbers.
    public var classes: [String]?

    /// Height and width of the images that it was trained on, in pixels.
    public var imageSize: Int?

    /// How its images are normalised.
    public var normalization: Normalization?

    /// Whatever else a task has to say of its networks, by names of its own.
    public var details: [String: String] = [:]

    /// Says nothing.
    public init() {}

    /// Says what a run of another task knows: the classes in their order, how images are normalised, and more.
    package init(
        model: String, classes: [String], normalization: Normalization, details: [String: String]
    ) {
        self.model = model
        self.classes = classes
        self.normalization = normalization
        self.details = details
    }

    /// Takes what a run knows; nothing for images whose classes have no names.
    init(_ recipe: Recipe, _ data: TrainingData) {
        guard let names = data.train.classNames else { return }
        model = recipe.student.model
        classes = names
        imageSize = data.train.imageSize
        normalization = recipe.dataset.normalization.normalization
    }

    /// Reads what a file says; nothing where it is no safetensors file.
    ///
    /// - Throws: `WeightFileError` where the file cannot be read.
    public init(of path: String) throws {
        let metadata = try WeightFile.readAll(path: path, key: WeightsKey()).first?.metadata ?? [:]
        model = metadata["model"]
        classes = Self.list(metadata["classes"])
        imageSize = metadata["image_size"].flatMap { Int($0) }
        details = metadata.filter { !Self.ownNames.contains($0.key) }
        let mean: [Double]? = Self.list(metadata["mean"])
        let deviation: [Double]? = Self.list(metadata["std"])
        if let mean, let deviation, mean.count == 3, deviation.count == 3,
            deviation.allSatisfy({ $0 > 0 })
        {
            normalization = Normalization(mean: mean, deviation: deviation)
        }
    }

    private static let ownNames: Set = ["model", "image_size", "classes", "mean", "std"]

    /// The texts for the metadata of a safetensors file.
    package func metadata() throws -> [String: String] {
        var texts = details
        texts["model"] = model
        texts["image_size"] = imageSize.map(String.init)
        texts["classes"] = try classes.map(Self.text)
        texts["mean"] = try (normalization?.mean).map(Self.text)
        texts["std"] = try (normalization?.deviation).map(Self.text)
        return texts
    }

    private static func text(_ list: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(list), as: UTF8.self)
    }

    private static func list<Element: Decodable>(_ text: String?) -> [Element]? {
        text.flatMap { try? JSONDecoder().decode([Element].self, from: Data($0.utf8)) }
    }
}

import Distillation
import ImageFolders
import Torch
import TorchNN
import VisionData
import VisionModels

/// A class that a photograph may show.
public struct Prediction: Sendable, Equatable, Encodable {
    /// The class's name.
    public let name: String

    /// Its number.
    public let number: Int

    /// Its probability by the network, the softmax of the logits.
    public let probability: Double

    enum CodingKeys: String, CodingKey {
        case name, probability
        case number = "class"
    }
}

/// Names what photographs show, with the pixels and the folded network of an evaluation.
public struct Predictor {
    private let network: any FeatureExtractor
    private let names: [String]
    private let settings: PhotographSettings
    private let normalization: Normalization
    private let device: Device

    /// Takes a network.
    ///
    /// - Parameters:
    ///   - network: in evaluation mode.
    ///   - names: of its classes, as many as it has logits.
    ///   - settings: how photographs become images.
    ///   - normalization: of the images.
    ///   - dtype: the type to compute in.
    ///   - device: where the network is.
    public init(
        _ network: any Backbone, names: [String], settings: PhotographSettings,
        normalization: Normalization, dtype: DType, device: Device
    ) {
        self.network = withoutGrad { network.folded(dtype: dtype) }
        self.names = names
        self.settings = settings
        self.normalization = normalization
        self.device = device
    }

    /// Names what photographs show.
    ///
    /// - Parameters:
    ///   - paths: files, or folders of which all photographs at any depth are taken.
    ///   - body: takes a file's path and its classes, the likeliest first, in the order of the paths.
    /// - Throws: `TooManyUnreadable` where a file cannot be read; what `body` throws.
    public func predict(
        _ paths: [String], _ body: (String, [Prediction]) throws -> Void
    ) throws {
        let list = try ImageFolder.list(ofPaths: paths)
        let source = PhotographSource(
            list, settings: settings, reading: PhotographReading(), device: device, remark: { _ in }
        )
        let batches = source.evaluation(
            positions: nil, normalization: normalization, batchSize: min(32, list.count))
        try batches.forEach { batch in
            let probabilities = withoutGrad {
                network.scores(of: batch.images).to(.float32).softmax(1)
            }
            let values = probabilities.elements(as: Float.self)
            let positions = batch.indices.elements(as: Int64.self)
            for (row, position) in positions.enumerated() {
                let own = values[(row * names.count)..<((row + 1) * names.count)]
                let predictions = zip(names.indices, own).map {
                    Prediction(name: names[$0], number: $0, probability: Double($1))
                }
                try body(
                    list.path(Int(position)),
                    predictions.sorted {
                        ($1.probability, $0.number) < ($0.probability, $1.number)
                    })
            }
        }
    }
}

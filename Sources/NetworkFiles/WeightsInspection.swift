import Basics
import Detectors
import TensorFiles
import Torch
import TorchNN
import VisionModels

/// What a file of weights holds, and which networks it fits.
public struct WeightsInspection: Sendable {
    /// A tensor of the file, without its elements.
    public struct TensorInfo: Sendable, Equatable {
        /// Where it stands in a checkpoint, the keys joined by dots; nil for the outermost dictionary.
        public let key: String?

        /// Its name in the file.
        public let name: String

        /// The type of its elements.
        public let elementType: ElementType

        /// Its dimensions, outermost first.
        public let shape: [Int]
    }

    /// A network that takes the weights as they are.
    public struct Fit: Sendable, Equatable {
        /// The network's name.
        public let model: String

        /// How many classes the weights tell apart.
        public let classCount: Int
    }

    /// The form of the file.
    public let format: WeightFormat

    /// The size of the file in bytes.
    public let byteCount: Int

    /// The tensors, set by set, in the file's order.
    public let tensors: [TensorInfo]

    /// The texts of a safetensors header.
    public let metadata: [String: String]

    /// The networks of the lists that take the weights: mostly one, or none.
    public let fits: [Fit]

    /// What keeps the weights from fitting the network that is nearest, and what to do; nil where one fits.
    public let obstacle: Obstacle?

    /// Why weights fit no network.
    public struct Obstacle: Sendable, Equatable {
        /// The network that has most names in common with the file.
        public let nearest: String

        /// The differences.
        public let error: StateDictError

        /// How many names the network has.
        fileprivate let nameCount: Int
    }

    /// Reads a file, and compares it with every network of the lists.
    ///
    /// - Parameters:
    ///   - path: safetensors, or a PyTorch checkpoint in any of its forms.
    ///   - key: where in the file the weights are.
    /// - Throws: `WeightFileError` or `OwnRunError`.
    public init(path: String, key: WeightsKey = WeightsKey()) throws {
        try refuseOwnRun(path: path)
        let (files, format, byteCount) = try WeightFile.examine(path: path, key: key)
        try refuseOwnCheckpoint(files, path: path)
        self.format = format
        self.byteCount = byteCount
        tensors = files.flatMap { file in
            file.entries.map {
                TensorInfo(
                    key: file.key, name: $0.name, elementType: $0.elementType, shape: $0.shape)
            }
        }
        metadata = files.first?.metadata ?? [:]
        fits =
            Architecture.all.compactMap { model in
                model.classCount(in: files).map { Fit(model: model.name, classCount: $0) }
            }
            + DetectorArchitecture.all.compactMap { model in
                model.classCount(in: files).map { Fit(model: model.name, classCount: $0) }
            }
        obstacle = fits.isEmpty ? Self.obstacle(files, path) : nil
    }

    /// The network that is most like the file, and what is wrong with the weights for it.
    private static func obstacle(_ files: [WeightFile], _ path: String) -> Obstacle? {
        let all = Architecture.all.compactMap { model -> Obstacle? in
            let wanted = model.facts().stateDict
            let weights = FittingWeights(files, for: wanted)
            do throws(StateDictError) {
                try weights.stateDict.check(fits: wanted, of: "\(model.name) (file \(path))")
                return nil
            } catch {
                var error = error
                error.notTensors = weights.notTensors(under: error.missing)
                error.remedy = weights.remedy
                return Obstacle(nearest: model.name, error: error, nameCount: wanted.count)
            }
        }
        return all.max { $0.likeness < $1.likeness }
    }
}

extension WeightsInspection.Obstacle {
    /// The share of names that file and network have in common, less those of another shape.
    fileprivate var likeness: Double {
        let common = nameCount - error.missing.count - error.misshapen.count
        return Double(common) / Double(nameCount + error.unexpected.count)
    }

    /// Whether the weights look like those of the network with batch norms folded into the convolutions.
    public var isFolded: Bool {
        error.missing.contains { $0.hasSuffix(".running_mean") }
            && error.unexpected.contains { $0.hasSuffix(".bias") }
            && !error.unexpected.contains { !$0.hasSuffix(".bias") }
    }
}

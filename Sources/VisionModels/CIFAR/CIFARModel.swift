import Torch
import TorchNN

/// The networks for CIFAR-sized images, by their names in the distillation literature.
public enum CIFARModel: String, CaseIterable, Sendable {
    case resnet8, resnet14, resnet20, resnet32, resnet44, resnet56, resnet110
    case resnet8x4, resnet32x4

    /// Finds a model by name; letter case does not matter.
    ///
    /// - Throws: `ModelError.unknown` with the names that exist.
    public init(named name: String) throws(ModelError) {
        let wanted = name.lowercased()
        guard let model = CIFARModel.allCases.first(where: { $0.rawValue.lowercased() == wanted })
        else { throw .unknown(name: name, known: CIFARModel.allCases.map(\.rawValue)) }
        self = model
    }

    private var depth: Int {
        switch self {
        case .resnet8, .resnet8x4: 8
        case .resnet14: 14
        case .resnet20: 20
        case .resnet32, .resnet32x4: 32
        case .resnet44: 44
        case .resnet56: 56
        case .resnet110: 110
        }
    }

    private var widths: [Int] {
        switch self {
        case .resnet8x4, .resnet32x4: [32, 64, 128, 256]
        default: [16, 16, 32, 64]
        }
    }

    /// Makes the network with fresh weights.
    ///
    /// - Parameters:
    ///   - classCount: the number of logits.
    ///   - generator: the source of the initial weights.
    /// - Returns: the network in training mode, on the CPU.
    public func make(classCount: Int, generator: Generator) -> any Backbone {
        CIFARResNet(depth: depth, widths: widths, classCount: classCount, generator: generator)
    }
}

/// A model that was asked for and does not exist.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    case unknown(name: String, known: [String])

    /// One sentence with the names that exist.
    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "model '\(name)' is unknown; expected one of \(known.joined(separator: ", "))"
        }
    }
}

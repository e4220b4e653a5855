/// A network that cannot be exported as it was asked for.
public enum ExportError: Error, Equatable {
    /// The network gives no logits.
    case noClassifier(network: String)
    /// There is no batch norm behind a convolution.
    case nothingToFold(network: String)
    /// The network calls an operator that has no counterpart in ONNX here.
    case unknownOperator(String, network: String)
    /// An operator is called in a way that has no counterpart in ONNX here.
    case unknownUse(of: String, network: String, reason: String)
    /// A layer that computes outside of LibTorch's operators.
    case unseenTensor(of: String, network: String)
    /// What the network does depends on how many images it gets.
    case dependsOnCount(of: String, network: String)
    /// The images that were to show how large values are gave none, or values that are not finite.
    case noRange(value: String)
}

extension ExportError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String { "\(problem); \(remedy)" }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .noClassifier(let network):
            "\(network) has no classifier, expected a network that gives logits"
        case .nothingToFold(let network):
            "\(network) has no batch norm behind a convolution, expected at least one to fold"
        case .unknownOperator(let operation, let network):
            "\(network) calls \(operation), expected an operator that can be written as ONNX"
        case .unknownUse(let operation, let network, let reason):
            "\(network) calls \(operation) with \(reason), expected a use that can be written as ONNX"
        case .unseenTensor(let operation, let network):
            "\(network) gives \(operation) a tensor that no operator made, expected weights of its state dict or "
                + "results of LibTorch's operators"
        case .dependsOnCount(let operation, let network):
            "\(network) calls \(operation) in another way for other numbers of images, expected the same for any "
                + "number"
        case .noRange(let value):
            "the value '\(value)' has no finite range over the images for calibration, expected finite numbers"
        }
    }

    private var remedy: String {
        switch self {
        case .noClassifier: "export one that classifies"
        case .nothingToFold: "export it without folding"
        case .unknownOperator, .unknownUse: "use another operator, or add it to ModelExport"
        case .unseenTensor: "compute it by operators on tensors"
        case .dependsOnCount: "let the first dimension alone"
        case .noRange: "give at least one image, and weights that compute finite numbers"
        }
    }
}

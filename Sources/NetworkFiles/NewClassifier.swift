import Torch
import TorchNN
import VisionModels

extension Backbone {
    /// Takes over another network's tensors, the last layer's aside.
    ///
    /// - Parameters:
    ///   - other: a network of the same model.
    ///   - model: the model's name.
    ///   - path: the file that the other network was read from.
    /// - Returns: what a user should know.
    /// - Throws: `StateDictError` where the networks are not of one model.
    package func takeOver(
        _ other: any Backbone, of model: String, from path: String
    ) throws -> WeightsRemark {
        let keys = try Architecture(named: model).classifierKeys
        let replaced = other.stateDict().filter { keys.contains($0.name) }
        try load(
            stateDict: other.stateDict().filter { !keys.contains($0.name) }
                + stateDict().filter { keys.contains($0.name) })
        let count = replaced.first.map { "\($0.tensor.size(0))" } ?? "no"
        let names = replaced.map(\.name).joined(separator: ", ")
        return WeightsRemark(
            path: path,
            "left out the last layer (\(names)), which is for \(count) classes; "
                + "that of the student is new")
    }
}

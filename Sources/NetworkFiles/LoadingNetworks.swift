import Basics
import TensorFiles
import Torch
import TorchNN
import VisionModels

/// Reads a file of weights into a network of the zoo.
///
/// Of several sets of weights in the file the one that fits is taken, the preferred one first. Prefixes
/// of wrappers and entries that no model has are left out, with a remark that says so.
///
/// - Parameters:
///   - model: the network's name.
///   - path: safetensors, or a PyTorch checkpoint in any of its forms.
///   - key: where in the file they are.
///   - classCount: the number of logits.
///   - device: where the network will live.
///   - remark: called with what a user should know about what was taken.
/// - Returns: the network in evaluation mode, channels last.
/// - Throws: `ModelError`, `WeightFileError`, `StateDictError` or `OwnRunError`.
public func loadNetwork(
    _ model: String, weights path: String, key: WeightsKey = WeightsKey(),
    classCount: Int,
    device: Device = .cpu, remark: (WeightsRemark) -> Void = { _ in }
) throws -> any Backbone {
    try loadNetwork(model, weights: path, key: key, device: device, remark: remark) { _, _ in
        classCount
    }
}

/// The same, with a number of classes that may follow from the file.
package func loadNetwork(
    _ model: String, weights path: String, key: WeightsKey, device: Device,
    remark: (WeightsRemark) -> Void, classCount: (Architecture, [WeightFile]) -> Int
) throws -> any Backbone {
    let model = try Architecture(named: model)
    try refuseOwnRun(path: path)
    let files = try WeightFile.readAll(path: path, key: key)
    try refuseOwnCheckpoint(files, path: path)
    let classCount = classCount(model, files)
    let network = model.make(classCount: classCount, generator: Generator(seed: 0))
    let weights = FittingWeights(files, for: network.stateDict())
    do throws(StateDictError) {
        try network.load(stateDict: weights.stateDict, named: "\(model.name) (file \(path))")
    } catch {
        var error = error
        error.notTensors = weights.notTensors(under: error.missing)
        error.remedy = weights.remedy
        error.otherClasses = otherClasses(error, files, model, classCount)
        error.fitting =
            Architecture.all.first { $0 != model && $0.classCount(in: files) != nil }?.name
        throw error
    }
    for text in weights.remarks(of: path) { remark(text) }
    network.convert(device: device, format: .channelsLast)
    network.eval()
    return network
}

/// Whether weights are those of the same model for another number of classes.
private func otherClasses(
    _ error: StateDictError, _ files: [WeightFile], _ model: Architecture, _ classCount: Int
) -> StateDictError.OtherClasses? {
    let others = [error.missing, error.unexpected, error.mistyped, error.notTensors]
    guard !error.misshapen.isEmpty, others.allSatisfy(\.isEmpty) else { return nil }
    return model.classCount(in: files).map { .init(found: $0, expected: classCount) }
}

extension Architecture {
    /// How many classes a file's weights of this model tell apart; nil where it has none that fit.
    package func classCount(in files: [WeightFile]) -> Int? {
        let weights = FittingWeights(files, for: facts(classCount: 1).stateDict).stateDict
        let last = weights.first { classifierKeys.contains($0.name) }
        return last?.tensor.shape.first.flatMap { fits(files, classCount: $0) ? $0 : nil }
    }

    /// Whether a file has weights of this model.
    fileprivate func fits(_ files: [WeightFile], classCount: Int) -> Bool {
        let wanted = facts(classCount: classCount).stateDict
        do throws(StateDictError) {
            try FittingWeights(files, for: wanted).stateDict.check(fits: wanted, of: name)
            return true
        } catch {
            return false
        }
    }
}

extension Module {
    /// Overwrites this network's tensors with a file's, strictly.
    package func load(weights path: String, named model: String) throws {
        let file = try WeightFile.read(path: path)
        try load(stateDict: file.entries.map(NamedTensor.init), named: "\(model) (file \(path))")
    }
}

import Basics
import Foundation
import TensorFiles

/// A run's folder or checkpoint where weights were wanted.
public enum OwnRunError: Error, CustomStringConvertible {
    /// The weights of the run's last epoch are nil where there are none yet, or nobody knows where.
    case checkpoint(path: String, weights: String?)
    case folder(path: String, weights: String?)

    /// What the file is, what was expected, and what to take.
    public var description: String { sentences(problem, remedy) }

    /// The same without what to take.
    package var problem: String {
        switch self {
        case .checkpoint(let path, _):
            "\(path) is a checkpoint, from which a run is resumed. Expected a file of weights."
        case .folder(let path, _): "\(path) is the folder of a run. Expected a file of weights."
        }
    }

    private var remedy: String {
        switch self {
        case .checkpoint(_, let weights?): "take \(weights), which holds the student alone"
        case .folder(_, let weights?): "take \(weights)"
        case .checkpoint, .folder:
            "resume the run to the end of an epoch, which writes \(lastWeightsName), and take that"
        }
    }
}

/// Where in its folder a run keeps the weights of its last epoch.
package let lastWeightsName = "student-last.safetensors"

/// What the metadata of a run's checkpoint say of its format.
package let checkpointFormat = "reviewkd-checkpoint-1"

/// Refuses the folder of a run in place of a file of weights.
func refuseOwnRun(path: String) throws {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    let weights = existingWeights(in: folder)
    // A run that did not come to the end of an epoch has none yet.
    let parts = ["recipe.yaml", "checkpoint"]
    guard
        weights != nil
            || parts.allSatisfy({ FileManager.default.fileExists(atPath: "\(folder)/\($0)") })
    else { return }
    throw OwnRunError.folder(path: path, weights: weights)
}

private func existingWeights(in folder: String) -> String? {
    let path = "\(folder)/\(lastWeightsName)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}

/// Refuses a file that holds more of a run than weights.
func refuseOwnCheckpoint(_ files: [WeightFile], path: String) throws {
    guard files.contains(where: { $0.metadata["format"] == checkpointFormat }) else { return }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    guard parts.last == "checkpoint" else {
        // It was copied to where nothing tells of its run.
        throw OwnRunError.checkpoint(path: path, weights: nil)
    }
    parts.removeLast()
    let folder = parts.isEmpty ? "." : parts.joined(separator: "/")
    throw OwnRunError.checkpoint(path: path, weights: existingWeights(in: folder))
}

import Basics
import TensorFiles

extension WeightFileError: Remediable {
    package var details: String { "." }

    package func remedy(in command: CommandKind) -> String? { remedy(by: "--weights-key") }

    /// What to do where an option takes the key.
    fileprivate func remedy(by option: String) -> String? {
        switch self {
        case .checkpoint(_, let error): error.remedy(by: option)
        case .noSuchPrefix: "leave \(option) out, or name another beginning"
        case .unreadable, .unknownFormat, .foreign, .safetensors: nil
        }
    }
}

extension PyTorchCheckpointError {
    fileprivate func remedy(by option: String) -> String? {
        switch self {
        case .noSuchKey(_, _, let holding, isNeeded: false):
            "leave \(option) out" + Self.others(holding)
        case .noStateDict(_, let holding), .noSuchKey(_, _, let holding, isNeeded: true):
            holding.first.map { key in
                "there are tensors under \(holding.map(\.quoted).firstFew): name that with "
                    + ShellWord.option(option, key)
            }
        case .zip, .pickle, .notACheckpoint, .arrays, .program, .byteOrder,
            .streamVersion, .streamKeys, .unknownStorage, .storageCutOff, .notADictionary,
            .duplicateName, .noStorage, .storageSize, .outsideStorage, .expandsTooMuch,
            .asksForCode:
            nil
        }
    }
}

/// An error in the file of `--student-weights`, whose key has an option of its own.
package struct StudentWeightsError: Error, Remediable {
    let error: WeightFileError

    /// Takes the error.
    package init(_ error: WeightFileError) { self.error = error }

    package var description: String { error.description }
    package var problem: String { error.problem }
    package var details: String { error.details }

    package func remedy(in command: CommandKind) -> String? {
        error.remedy(by: "--student-weights-key")
    }
}

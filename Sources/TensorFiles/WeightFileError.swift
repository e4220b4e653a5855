import Basics

/// Why a file gave no weights; the description begins with the file's path.
public enum WeightFileError: Error, Sendable, Equatable {
    /// The file is absent, not a regular file, or cannot be read.
    case unreadable(path: String, reason: String)
    /// The file begins like none of those that are known.
    case unknownFormat(path: String, byteCount: Int)
    /// The file is something else, which is known.
    case foreign(path: String, ForeignFile)
    /// A key was given for a safetensors file, and no tensor's name begins with it.
    case noSuchPrefix(path: String, String)
    /// The file begins like a safetensors file, but breaks its rules.
    case safetensors(path: String, SafetensorsError)
    /// The file is a zip archive or a pickle, but no PyTorch checkpoint, or a damaged or dangerous one.
    case checkpoint(path: String, PyTorchCheckpointError)
}

extension WeightFileError: CustomStringConvertible {
    /// One sentence with the file, what was expected, what was found and, where there is one, the
    /// remedy.
    public var description: String { (remedy.map { "\(problem); \($0)" } ?? problem) + "." }

    /// The sentence without the remedy and its full stop.
    package var problem: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): expected a file of weights, but \(reason)"
        case .unknownFormat(let path, let byteCount):
            "\(path) (\(byteCount) bytes) is not a weights file this tool reads: expected a "
                + "safetensors file or a PyTorch checkpoint (.pt, .pth)"
        case .foreign(let path, let file):
            "\(path) \(file)"
        case .noSuchPrefix(let path, let prefix):
            "\(path) is a safetensors file, in which a key means the beginning of the tensors' "
                + "names, but none begins with \("\(prefix).".quoted)"
        case .safetensors(let path, let error):
            "\(path) is not a valid safetensors file: \(error)"
        case .checkpoint(let path, let error) where error.isOfElsewhere:
            "\(path): \(error.problem)"
        case .checkpoint(let path, let error):
            "\(path) is not a PyTorch checkpoint that can be read: \(error.problem)"
        }
    }

    private var remedy: String? {
        switch self {
        case .unreadable: "check the path and its permissions"
        case .unknownFormat, .foreign: nil
        case .noSuchPrefix: "leave it out, or name another"
        case .safetensors: "copy or make it again"
        case .checkpoint(_, let error): error.remedy ?? Self.advice(error)
        }
    }

    /// Only a damaged file is mended by another copy of it.
    private static func advice(_ error: PyTorchCheckpointError) -> String? {
        switch error {
        case .zip, .pickle, .storageCutOff, .noStorage, .storageSize, .streamVersion,
            .streamKeys:
            "copy or make it again"
        default: nil
        }
    }
}

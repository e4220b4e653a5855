/// Why a file gave no weights; the description begins with the file's path.
public enum WeightFileError: Error, Sendable, Equatable {
    /// A layout that PyTorch used before 1.6, which is not read.
    public enum Legacy: Sendable, Equatable {
        /// Several pickles one after the other.
        case pickles
        /// A tar archive.
        case tar
    }

    /// The file is absent, not a regular file, or cannot be read.
    case unreadable(path: String, reason: String)
    /// The file begins like none of those this target reads.
    case unknownFormat(path: String, byteCount: Int)
    /// The file is a PyTorch checkpoint of a layout that is not read.
    case legacy(path: String, Legacy)
    /// The file begins like a safetensors file, but breaks its rules.
    case safetensors(path: String, SafetensorsError)
    /// The file is a zip archive, but no PyTorch checkpoint, or a damaged or dangerous one.
    case checkpoint(path: String, PyTorchCheckpointError)
}

extension WeightFileError: CustomStringConvertible {
    /// One sentence with the file, what was expected, what was found and, where there is one, the
    /// remedy.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): expected a file of weights, but \(reason); check the path and its permissions."
        case .unknownFormat(let path, let byteCount):
            "\(path) (\(byteCount) bytes) is not a weights file this tool reads: expected a "
                + "safetensors file or a PyTorch checkpoint (.pt, .pth)."
        case .legacy(let path, let layout):
            "\(path) is \(layout.name), which is not read; convert it once in Python with "
                + "torch.save(torch.load(\"old.pth\", map_location=\"cpu\"), \"new.pth\"), or save "
                + "its state dict with safetensors."
        case .safetensors(let path, let error):
            "\(path) is not a valid safetensors file: \(error); copy or make it again."
        case .checkpoint(let path, let error):
            "\(path) is not a PyTorch checkpoint that can be read: \(error); copy or make it again."
        }
    }
}

extension WeightFileError.Legacy {
    fileprivate var name: String {
        switch self {
        case .pickles: "a checkpoint in the form PyTorch wrote before version 1.6"
        case .tar: "a tar archive, as the earliest versions of PyTorch wrote"
        }
    }
}

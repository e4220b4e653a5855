/// Why a PyTorch checkpoint gave no weights; nothing of it was executed.
public enum PyTorchCheckpointError: Error, Sendable, Equatable {
    case zip(ZipArchiveError)
    case pickle(PickleError)
    case pickleCount(Int)
    case torchScript
    case byteOrder(String)
    case notADictionary(found: String)
    case keyKind(found: String)
    case duplicateName(String)
    case noStateDict(keys: [String])
    case notATensor(name: String, found: String)
    case noStorage(tensor: String, key: String)
    case storageSize(
        tensor: String, key: String, elementType: ElementType, count: Int, byteCount: Int)
    case outsideStorage(
        tensor: String, shape: [Int], strides: [Int], offset: Int, available: Int)
    case expandsTooMuch(tensor: String, byteCount: Int, available: Int)
}

extension PyTorchCheckpointError: CustomStringConvertible {
    /// The thing, what was expected, what was found and, where there is one, the remedy.
    public var description: String {
        switch self {
        case .zip(let error):
            error.description
        case .pickle(let error):
            error.description
        case .pickleCount(let count):
            "the zip archive should have one data.pkl in a folder, but has \(count)"
        case .torchScript:
            "it should hold a state dict, but is a TorchScript program; save the module's "
                + "state_dict() with torch.save instead"
        case .byteOrder(let order):
            "its storages should be little endian, but its byte order is \(order.quoted); load "
                + "and save it once on a little-endian machine"
        case .notADictionary(let found):
            "it should hold a dictionary of tensors, but holds \(found); save the module's "
                + "state_dict() with torch.save instead"
        case .keyKind(let found):
            "the keys of its state dict should be strings, but one is \(found)"
        case .duplicateName(let name):
            "entry \(name.quoted) should stand there once, but stands there twice"
        case .noStateDict(let keys):
            "it should be a state dict, or hold one under \(Self.wrappingKeys), but "
                + (keys.isEmpty ? "is empty" : "has only \(Self.quoted(keys.prefix(5)))")
                + (keys.count > 5 ? " and \(keys.count - 5) more" : "")
        case .notATensor(let name, let found):
            "entry \(name.quoted) of the state dict should be a tensor, but is \(found)"
        case .noStorage(let tensor, let key):
            "tensor \(tensor.quoted) should have its elements in the zip entry "
                + "\("data/\(key)".quoted), but there is none"
        case .storageSize(let tensor, let key, let elementType, let count, let byteCount):
            "\("data/\(key)".quoted), which holds tensor \(tensor.quoted), should have "
                + "\(count) elements of type \(elementType), but has \(byteCount) bytes"
        case .outsideStorage(let tensor, let shape, let strides, let offset, let available):
            "tensor \(tensor.quoted) should lie in its storage of \(available) elements, but has "
                + "the shape \(shape), the strides \(strides) and the offset \(offset)"
        case .expandsTooMuch(let tensor, let byteCount, let available):
            "tensor \(tensor.quoted) may take \(available) bytes at most, but would take "
                + "\(byteCount), far more than the file has"
        }
    }

    private static var wrappingKeys: String { quoted(StateDict.wrappingKeys[...]) }

    private static func quoted(_ keys: ArraySlice<String>) -> String {
        keys.map(\.quoted).joined(separator: ", ")
    }
}

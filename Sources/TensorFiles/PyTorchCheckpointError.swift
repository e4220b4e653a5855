import Basics
import Pickles

/// Why a PyTorch checkpoint gave no weights; nothing of it was executed.
public enum PyTorchCheckpointError: Error, Sendable, Equatable {
    case zip(ZipArchiveError)
    case pickle(PickleError)
    case notACheckpoint(container: String, members: [String])
    case arrays
    case program(ProgramFile)
    case byteOrder(String)
    case streamVersion
    case streamKeys
    case unknownStorage(key: String, type: String?)
    case storageCutOff(key: String)
    case notADictionary(found: String)
    case duplicateName(String)
    case asksForCode(String)
    case noStateDict(found: [String], holding: [String])
    case noSuchKey(String, found: [String], holding: [String], isNeeded: Bool)
    case noStorage(tensor: String, key: String)
    case storageSize(
        tensor: String, key: String, elementType: ElementType, count: Int, byteCount: Int)
    case outsideStorage(
        tensor: String, shape: [Int], strides: [Int], offset: Int, available: Int)
    case expandsTooMuch(tensor: String, byteCount: Int, available: Int)
}

extension PyTorchCheckpointError: CustomStringConvertible {
    /// The thing, what was expected, what was found and, where there is one, the remedy.
    public var description: String { remedy.map { "\(problem); \($0)" } ?? problem }

    /// The thing, what was expected and what was found.
    package var problem: String {
        switch self {
        case .zip(let error):
            error.description
        case .pickle(let error):
            error.description
        case .notACheckpoint(let container, let members):
            "it is \(container) without PyTorch's data.pkl, and holds \(members.map(\.quoted).firstFew); "
                + "unpack it and name the weights file inside"
        case .arrays:
            "it is an .npz archive of NumPy, which is not read; save its arrays in Python with "
                + "safetensors.numpy.save_file(dict(numpy.load(\"FILE\")), \"weights.safetensors\")"
        case .program(let program):
            "it should hold a state dict, but is \(program.name); \(program.remedy)"
        case .byteOrder(let order):
            "its storages should be little endian, but its byte order is \(order.quoted); load "
                + "and save it once on a little-endian machine"
        case .streamVersion:
            "it should have version 1001 of the form before PyTorch 1.6, but has another"
        case .streamKeys:
            "it should name its storages in a list behind its pickle, but does not"
        case .unknownStorage(let key, let type):
            "its storage \(key.quoted) should be of a known type, but "
                + (type.map { "is of \($0.shown)" } ?? "no tensor refers to it")
        case .storageCutOff(let key):
            "its storage \(key.quoted) should be whole, but the file is cut off"
        case .notADictionary(let found):
            "it should hold a dictionary of tensors, but holds \(found); save the module's "
                + "state_dict() with torch.save instead"
        case .asksForCode(let callee):
            "it asks for \(callee.shown) to be called, which runs code, and no weights need that; nothing of "
                + "the file was executed, and it should not be trusted"
        case .duplicateName(let name):
            "entry \(name.quoted) should stand there once, but stands there twice"
        case .noStateDict(let found, _):
            "it should be a state dict, or hold one under 'state_dict', 'model' or another known key, but "
                + (found.isEmpty ? "is empty" : "has only \(found.firstFew)")
        case .noSuchKey(let key, let found, _, _):
            "it has no weights under the key \(key.quoted), and at its top it has \(found.firstFew)"
        case .noStorage(let tensor, let key):
            "tensor \(tensor.quoted) should have its elements in the storage \(key.quoted), but "
                + "there is none"
        case .storageSize(let tensor, let key, let elementType, let count, let byteCount):
            "the storage \(key.quoted), which holds tensor \(tensor.quoted), should have "
                + "\(count) elements of type \(elementType), but has \(byteCount) bytes"
        case .outsideStorage(let tensor, let shape, let strides, let offset, let available):
            "tensor \(tensor.quoted) should lie in its storage of \(available) elements, but has "
                + "the shape \(shape), the strides \(strides) and the offset \(offset)"
        case .expandsTooMuch(let tensor, let byteCount, let available):
            "tensor \(tensor.quoted) may take \(available) bytes at most, but would take "
                + "\(byteCount), far more than the file has"
        }
    }

    /// What to do, where the problem does not say it.
    var remedy: String? {
        switch self {
        case .noSuchKey(_, _, let holding, isNeeded: false):
            "leave the key out" + Self.others(holding)
        case .noStateDict(let found, let holding),
            .noSuchKey(_, let found, let holding, isNeeded: true):
            Self.remedy(found, holding)
        default: nil
        }
    }

    /// Whether the file can be read and has weights, which stand elsewhere.
    var isOfElsewhere: Bool {
        switch self {
        case .noSuchKey: true
        case .noStateDict(_, let holding): !holding.isEmpty
        default: false
        }
    }

    /// The keys that may be named instead of none.
    package static func others(_ holding: [String]) -> String {
        holding.isEmpty
            ? "" : ", or name one that holds tensors: \(holding.map(\.quoted).firstFew)"
    }

    private static func remedy(_ found: [String], _ holding: [String]) -> String? {
        if let first = holding.first {
            return
                "there are tensors under \(holding.map(\.quoted).firstFew): name that as the key "
                + first.quoted
        }
        if found.contains(where: { $0.contains("_load_from_bytes") }) {
            return "its tensors were written by pickle alone: save them again with "
                + "torch.save(pickle.load(open(\"FILE\", \"rb\")), \"weights.pth\")"
        }
        // Whoever sees a foreign class in a file wants to know.
        return found.contains { $0.contains("an object of the class") }
            ? "nothing of the file was executed" : nil
    }
}

extension ProgramFile {
    /// What it is, as "a TorchScript program".
    package var name: String {
        switch self {
        case .torchScript: "a TorchScript program"
        case .inductorPackage: "a program that torch._inductor compiled"
        case .exportedProgram: "a program of torch.export"
        }
    }

    /// How to come to the weights.
    fileprivate var remedy: String {
        switch self {
        case .torchScript:
            "save its weights with torch.save(torch.jit.load(\"FILE\", map_location=\"cpu\")"
                + ".state_dict(), \"weights.pt\")"
        case .inductorPackage:
            "its weights are in machine code, so save those of the model that it was made of with "
                + "torch.save(model.state_dict(), \"weights.pt\")"
        case .exportedProgram:
            "save its weights with torch.save(dict(torch.export.load(\"FILE\").state_dict), "
                + "\"weights.pt\")"
        }
    }
}

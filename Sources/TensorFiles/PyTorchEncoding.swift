import Basics
import Pickles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes tensors in the form that `torch.save` has had since PyTorch 1.6: a state dict, and nothing else.
///
/// `torch.load` reads it with `weights_only=True`, since it names no more than tensors need.
public enum PyTorchFile {
    /// Encodes tensors as an `OrderedDict` in their order; equal tensors always give equal bytes.
    ///
    /// - Parameter entries: the tensors.
    /// - Returns: the contents of a `.pth` file.
    /// - Throws: `PyTorchEncodingError` where two entries share a name, an entry's bytes do not fit its shape, or
    ///   the file would be larger than 4 GiB.
    public static func encode(
        entries: [TensorEntry]
    ) throws(PyTorchEncodingError) -> Data {
        guard entries.count <= StoredZip.entryLimit - 3 else {
            throw .tooMany(count: entries.count, limit: StoredZip.entryLimit - 3)
        }
        var names: Set<String> = []
        var total = 0
        for entry in entries {
            guard names.insert(entry.name).inserted else { throw .duplicateName(entry.name) }
            guard entry.elementType.byteCount(shape: entry.shape) == entry.bytes.count else {
                throw .byteCount(
                    entry: entry.name, shape: entry.shape, found: entry.bytes.count)
            }
            total += entry.bytes.count
        }
        // Room for the names and the records of the archive.
        guard total < StoredZip.byteLimit / 2 else {
            throw .tooLarge(byteCount: total, limit: StoredZip.byteLimit / 2)
        }
        var zip = StoredZip()
        zip.add("archive/data.pkl", pickle(of: entries))
        zip.add("archive/byteorder", Data("little".utf8))
        for (index, entry) in entries.enumerated() {
            zip.add("archive/data/\(index)", entry.bytes)
        }
        zip.add("archive/version", Data("3\n".utf8))
        return zip.finished()
    }

    /// The pickle of an `OrderedDict` of tensors, each with a storage of its own.
    private static func pickle(of entries: [TensorEntry]) -> Data {
        var pickle = PickleWriter()
        pickle.global(.dictionary)
        pickle.emptyTuple()
        pickle.reduce()
        pickle.mark()
        for (index, entry) in entries.enumerated() {
            pickle.text(entry.name)
            write(entry, storage: "\(index)", to: &pickle)
        }
        pickle.setItems()
        return pickle.finished()
    }

    /// `torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`.
    private static func write(
        _ entry: TensorEntry, storage: String, to pickle: inout PickleWriter
    ) {
        pickle.global(.rebuildTensor)
        pickle.mark()
        pickle.mark()
        pickle.text("storage")
        pickle.global(.storage(entry.elementType))
        pickle.text(storage)
        pickle.text("cpu")
        pickle.integer(entry.bytes.count / entry.elementType.byteCount)
        pickle.tuple()
        pickle.persistent()
        pickle.integer(0)
        pickle.integers(entry.shape)
        pickle.integers(strides(of: entry.shape))
        pickle.no()
        pickle.global(.dictionary)
        pickle.emptyTuple()
        pickle.reduce()
        pickle.tuple()
        pickle.reduce()
    }

    private static func strides(of shape: [Int]) -> [Int] {
        var strides: [Int] = []
        var stride = 1
        for size in shape.reversed() {
            strides.append(stride)
            stride *= max(size, 1)
        }
        return strides.reversed()
    }
}

/// Tensors that cannot be written as a PyTorch file.
public enum PyTorchEncodingError: Error, Sendable, Equatable {
    /// Two tensors have one name.
    case duplicateName(String)
    /// A tensor's bytes are not what its shape needs.
    case byteCount(entry: String, shape: [Int], found: Int)
    /// All tensors together are larger than is written.
    case tooLarge(byteCount: Int, limit: Int)
    /// There are more tensors than an archive has entries for.
    case tooMany(count: Int, limit: Int)
}

extension PyTorchEncodingError: CustomStringConvertible {
    /// What was expected and what was found, in a sentence.
    public var description: String {
        switch self {
        case .duplicateName(let name):
            "two tensors are called \(name.quoted), expected different names; rename one"
        case .byteCount(let entry, let shape, let found):
            "the tensor \(entry.quoted) of the shape \(shape) has \(found) bytes, expected as many as its "
                + "elements need; make it again"
        case .tooLarge(let byteCount, let limit):
            "the tensors have \(byteCount) bytes, expected less than \(limit) in a PyTorch file; write safetensors"
        case .tooMany(let count, let limit):
            "there are \(count) tensors, expected at most \(limit) in a PyTorch file; write safetensors"
        }
    }
}

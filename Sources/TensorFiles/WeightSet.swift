import Pickles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One dictionary of a checkpoint that holds tensors by name.
struct WeightSet {
    /// A tensor: a walk through a storage of the file, or an array of NumPy with bytes of its own.
    struct Tensor {
        let name: String
        let view: TensorView
        var bytes: Data?
    }

    /// The keys that lead to the dictionary, joined by dots; nil for the file's outermost one.
    let key: String?
    var tensors: [Tensor] = []
    /// What the entries are that are no tensors, by their names.
    var others: [String: String] = [:]

    /// The tensors whose names begin with a prefix and a dot, without them; nil where none does.
    func below(_ prefix: String, key: String) -> WeightSet? {
        let tensors = tensors.compactMap { tensor in
            NameMatch.name(tensor.name, below: prefix).map {
                Tensor(name: $0, view: tensor.view, bytes: tensor.bytes)
            }
        }
        return tensors.isEmpty ? nil : WeightSet(key: key, tensors: tensors)
    }
}

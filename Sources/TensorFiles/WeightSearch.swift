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
    func below(_ prefix: String) -> WeightSet? {
        let start = prefix + "."
        let tensors = tensors.filter { $0.name.hasPrefix(start) }.map {
            Tensor(name: String($0.name.dropFirst(start.count)), view: $0.view, bytes: $0.bytes)
        }
        return tensors.isEmpty ? nil : WeightSet(key: prefix, tensors: tensors)
    }
}

/// Finds the dictionaries of tensors that a pickle is or holds.
struct WeightSearch {
    /// The keys under which training scripts keep the weights, in the order of preference.
    static let wrappingKeys =
        [
            "state_dict", "model_state_dict", "model", "net", "network", "student", "teacher",
            "weights",
            "params", "module",
        ] + averagedKeys

    /// Those under which they keep a running mean of the weights.
    static let averagedKeys = [
        "ema_state_dict", "model_ema", "state_dict_ema", "params_ema", "ema_model", "ema",
    ]

    /// How deep dictionaries of dictionaries are searched.
    private static let depthLimit = 4

    private let graph: PickleGraph

    init(_ graph: PickleGraph) { self.graph = graph }

    /// Finds the sets of tensors, the preferred ones first.
    ///
    /// - Parameter key: the keys that lead to them, joined by dots, or what their names begin with; nil for
    ///   the known keys.
    /// - Returns: at least one.
    /// - Throws: `PyTorchCheckpointError` where there is none.
    func sets(under key: String?) throws(PyTorchCheckpointError) -> [WeightSet] {
        guard items(of: graph.root) != nil else {
            throw .notADictionary(found: graph.kind(of: graph.root))
        }
        guard let key else {
            var visited: Set<PickleValue> = []
            let sets = try sets(in: graph.root, path: [], &visited)
            guard !sets.isEmpty else {
                throw .noStateDict(found: found, holding: holding)
            }
            return sets
        }
        var sets: [WeightSet] = []
        if let value = value(at: key) {
            var visited: Set<PickleValue> = []
            sets = try self.sets(in: value, path: [key], &visited)
        } else {
            var visited: Set<PickleValue> = []
            sets = try self.sets(in: graph.root, path: [], &visited).compactMap { $0.below(key) }
        }
        guard !sets.isEmpty else {
            throw .noSuchKey(key, found: found, holding: holding)
        }
        return sets
    }

    /// The sets below a value: those under the known keys, then the value itself.
    private func sets(
        in value: PickleValue, path: [String], _ visited: inout Set<PickleValue>
    ) throws(PyTorchCheckpointError) -> [WeightSet] {
        var sets: [WeightSet] = []
        guard visited.insert(value).inserted else { return sets }
        if path.count < Self.depthLimit {
            for key in Self.wrappingKeys {
                guard let inner = entry(key, of: value), items(of: inner) != nil else { continue }
                sets += try self.sets(in: inner, path: path + [key], &visited)
            }
        }
        let own = try set(value, key: path.isEmpty ? nil : path.joined(separator: "."))
        return own.tensors.isEmpty ? sets : sets + [own]
    }

    private func set(
        _ value: PickleValue, key: String?
    ) throws(PyTorchCheckpointError) -> WeightSet {
        var set = WeightSet(key: key)
        var names: Set<String> = []
        for (name, value) in items(of: value) ?? [] {
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            if case .tensor(let view) = value {
                set.tensors.append(WeightSet.Tensor(name: name, view: view))
            } else if let array = NumPyArray(value, in: graph) {
                set.tensors.append(
                    WeightSet.Tensor(name: name, view: array.view, bytes: array.bytes))
            } else {
                set.others[name] = graph.kind(of: value)
            }
        }
        return set
    }

    /// The entries of a dictionary whose keys are texts, or of a pickled module; nil for anything else.
    private func items(of value: PickleValue) -> [(name: String, value: PickleValue)]? {
        if let module = PickledModule(value, in: graph) { return module.entries }
        return graph.pairs(of: value)?.compactMap { key, value in
            guard case .string(let name) = key else { return nil }
            return (name, value)
        }
    }

    private func entry(_ key: String, of value: PickleValue) -> PickleValue? {
        items(of: value)?.last { $0.name == key }?.value
    }

    /// Follows keys joined by dots, where a key may have dots itself.
    private func value(at key: String) -> PickleValue? {
        var open = [(value: graph.root, rest: key[...])]
        var steps = 0
        while let (value, rest) = open.popLast(), steps < 1000 {
            steps += 1
            for (name, value) in items(of: value) ?? [] where rest.hasPrefix(name) {
                let after = rest.dropFirst(name.count)
                if after.isEmpty { return value }
                if after.hasPrefix(".") { open.append((value, after.dropFirst())) }
            }
        }
        return nil
    }

    /// The outermost entries, each with what it is.
    private var found: [String] {
        (items(of: graph.root) ?? []).map { "\($0.name.quoted) (\(graph.kind(of: $0.value)))" }
    }

    /// The outermost keys under which there are tensors.
    private var holding: [String] {
        (items(of: graph.root) ?? []).filter { item in
            (items(of: item.value) ?? []).contains {
                if case .tensor = $0.value { true } else { false }
            }
        }.map(\.name)
    }
}

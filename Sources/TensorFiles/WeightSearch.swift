import Basics
import Pickles

/// Finds the dictionaries of tensors that a pickle is or holds.
struct WeightSearch {
    /// The keys under which training scripts keep the weights, in the order of preference.
    static let wrappingKeys =
        [
            "state_dict", "model_state_dict", "model", "net", "network", "student", "teacher",
            "weights",
            "params", "module", "current_model_state", "blobs",
        ] + averagedKeys

    /// Those under which they keep a running mean of the weights.
    static let averagedKeys = [
        "ema_state_dict", "model_ema", "state_dict_ema", "params_ema", "ema_model", "ema",
        "swa_model",
    ]

    /// How deep dictionaries of dictionaries are searched.
    private static let depthLimit = 4

    /// How many sets are found at most; a damaged file may name one in countless ways.
    private static let setLimit = 64

    typealias Items = [(name: String, value: PickleValue)]

    private let graph: PickleGraph

    init(_ graph: PickleGraph) { self.graph = graph }

    /// Finds the sets of tensors, the preferred ones first.
    ///
    /// - Parameter key: the keys that lead to them, and behind them or alone what their names begin with.
    /// - Returns: at least one.
    /// - Throws: `PyTorchCheckpointError` where there is none.
    func sets(under key: WeightsKey) throws(PyTorchCheckpointError) -> [WeightSet] {
        guard items(of: graph.root) != nil else {
            throw .notADictionary(found: graph.kind(of: graph.root))
        }
        guard let path = key.path else {
            let sets = try sets(in: graph.root, path: nil)
            guard !sets.isEmpty else {
                throw .noStateDict(found: found, holding: holding)
            }
            return sets
        }
        let sets = try sets(named: path.hasSuffix(".") ? String(path.dropLast()) : path)
        guard !sets.isEmpty else {
            throw .noSuchKey(
                path, found: found, holding: holding,
                isNeeded: try self.sets(in: graph.root, path: nil).isEmpty)
        }
        return sets
    }

    private func sets(named key: String) throws(PyTorchCheckpointError) -> [WeightSet] {
        if let value = value(at: key[...]) {
            let sets = try sets(in: value, path: key)
            if !sets.isEmpty { return sets }
        }
        // Of `state_dict.student` the first part may be a key, and the second what names begin with.
        for end in key.indices.reversed() where key[end] == "." {
            guard let value = value(at: key[..<end]) else { continue }
            let prefix = String(key[key.index(after: end)...])
            let sets = try sets(in: value, path: nil).compactMap { $0.below(prefix, key: key) }
            if !sets.isEmpty { return sets }
        }
        return try sets(in: graph.root, path: nil).compactMap { $0.below(key, key: key) }
    }

    /// The sets below a value: those under the known keys, then the value itself.
    private func sets(
        in value: PickleValue, path: String?
    ) throws(PyTorchCheckpointError) -> [WeightSet] {
        var sets: [WeightSet] = []
        var visited: Set<PickleValue> = []
        try add(value, path: path, depth: 0, to: &sets, &visited)
        return sets
    }

    private func add(
        _ value: PickleValue, path: String?, depth: Int, to sets: inout [WeightSet],
        _ visited: inout Set<PickleValue>
    ) throws(PyTorchCheckpointError) {
        guard sets.count < Self.setLimit, visited.count < 16 * Self.setLimit,
            visited.insert(value).inserted, let items = items(of: value)
        else { return }
        if depth < Self.depthLimit {
            for key in Self.wrappingKeys {
                guard let inner = items.last(where: { $0.name == key })?.value else { continue }
                let path = path.map { "\($0).\(key)" } ?? key
                try add(inner, path: path, depth: depth + 1, to: &sets, &visited)
            }
        }
        let own = try set(items, key: path)
        if !own.tensors.isEmpty { sets.append(own) }
    }

    private func set(_ items: Items, key: String?) throws(PyTorchCheckpointError) -> WeightSet {
        var set = WeightSet(key: key)
        var names: Set<String> = []
        for (name, value) in items {
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

    /// The entries of a dictionary whose keys are texts, of a list by their places, or of a pickled module;
    /// nil for anything else.
    private func items(of value: PickleValue) -> Items? {
        if case .object = value { return PickledModule(value, in: graph)?.entries }
        if let elements = graph.elements(of: value) {
            return elements.prefix(1000).enumerated().map { ("\($0)", $1) }
        }
        return graph.pairs(of: value)?.compactMap { key, value in
            guard case .string(let name) = key else { return nil }
            return (name, value)
        }
    }

    /// Follows keys joined by dots, where a key may have dots itself.
    private func value(at key: Substring) -> PickleValue? {
        var open = [(value: graph.root, rest: key)]
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
}

// MARK: - For errors

extension WeightSearch {
    /// The outermost entries, each with what it is.
    private var found: [String] {
        let items = items(of: graph.root) ?? []
        let others = (graph.pairs(of: graph.root)?.count ?? items.count) - items.count
        return items.map { "\($0.name.quoted) (\(graph.kind(of: $0.value)))" }
            + (others > 0 ? ["\(others) under keys that are no texts"] : [])
    }

    /// The keys, joined by dots, under which there are tensors.
    private var holding: [String] {
        var keys: [String] = []
        var open: [(path: String, value: PickleValue)] = [("", graph.root)]
        var seen: Set<PickleValue> = []
        while let (path, value) = open.first, seen.count < 200 {
            open.removeFirst()
            guard seen.insert(value).inserted, let items = items(of: value) else { continue }
            let holds = items.contains { item in
                if case .tensor = item.value { return true }
                return NumPyArray(item.value, in: graph) != nil
            }
            if holds, !path.isEmpty { keys.append(path) }
            for (name, value) in items.prefix(100) {
                open.append((path.isEmpty ? name : "\(path).\(name)", value))
            }
        }
        return keys
    }
}

import Pickles

/// A whole `torch.nn.Module` as `torch.save(model)` wrote it: an object of a class that need not be known,
/// whose state holds its parameters, buffers and submodules.
struct PickledModule {
    /// The most modules and entries that are taken in; a damaged file may hold a module many times over.
    private static let limit = 100_000

    /// How many wrappers are looked through.
    private static let wrapperLimit = 4

    /// The tensors by the names that they have in the state dict, and what else stands among them.
    let entries: [(name: String, value: PickleValue)]

    /// Understands an object with `_parameters`, `_buffers` and `_modules`; nil for anything else, and for a
    /// module that is its own part.
    init?(_ value: PickleValue, in graph: PickleGraph) {
        guard let root = Self.module(value, in: graph) else { return nil }
        var entries: [(name: String, value: PickleValue)] = []
        var open = [(prefix: "", module: root)]
        var count = 0
        while let (prefix, module) = open.popLast() {
            guard let state = Self.state(of: module, in: graph) else { continue }
            count += 1
            // No module has names of a thousand letters, but one that is its own part would.
            guard count + entries.count + open.count <= Self.limit, prefix.utf8.count < 1000 else {
                return nil
            }
            let hidden = Set(Self.hiddenBuffers(state, in: graph))
            for part in ["_parameters", "_buffers"] {
                for (key, value) in Self.members(part, state, in: graph) where value != .none {
                    guard case .string(let name) = key, name.utf8.count < 1000,
                        part == "_parameters" || !hidden.contains(key)
                    else { continue }
                    entries.append((prefix + name, value))
                }
            }
            for (key, value) in Self.members("_modules", state, in: graph).reversed() {
                guard case .string(let name) = key else { continue }
                open.append((prefix + name + ".", value))
            }
        }
        self.entries = entries
    }

    /// The module that a value is, or that a wrapper such as `torch.compile`'s was made of.
    private static func module(_ value: PickleValue, in graph: PickleGraph) -> PickleValue? {
        var value = value
        for _ in 0..<wrapperLimit {
            if state(of: value, in: graph) != nil { return value }
            guard let inner = graph.object(value)?.arguments.first else { return nil }
            value = inner
        }
        return nil
    }

    private static func state(of value: PickleValue, in graph: PickleGraph) -> PickleValue? {
        guard let state = graph.object(value)?.state,
            graph.value(of: state, under: "_parameters") != nil,
            graph.value(of: state, under: "_modules") != nil
        else { return nil }
        return state
    }

    private static func members(
        _ part: String, _ state: PickleValue, in graph: PickleGraph
    ) -> [(key: PickleValue, value: PickleValue)] {
        graph.value(of: state, under: part).flatMap { graph.pairs(of: $0) } ?? []
    }

    /// The buffers that a state dict leaves out, a set of names.
    private static func hiddenBuffers(
        _ state: PickleValue, in graph: PickleGraph
    ) -> [PickleValue] {
        graph.value(of: state, under: "_non_persistent_buffers_set")
            .flatMap { graph.object($0)?.arguments.first }
            .flatMap { graph.elements(of: $0) } ?? []
    }
}

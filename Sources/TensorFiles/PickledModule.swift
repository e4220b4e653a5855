/// A whole `torch.nn.Module` as `torch.save(model)` wrote it: an object of a class that need not be known,
/// whose state holds its parameters, buffers and submodules.
struct PickledModule {
    /// The most modules that are visited; a damaged file may hold a module inside itself.
    private static let moduleLimit = 10_000

    /// The tensors by the names that they have in the state dict, and what else stands among them.
    let entries: [(name: String, value: PickleValue)]

    /// Understands an object with `_parameters`, `_buffers` and `_modules`; nil for anything else.
    init?(_ value: PickleValue, in graph: PickleGraph) {
        guard Self.state(of: value, in: graph) != nil else { return nil }
        var entries: [(name: String, value: PickleValue)] = []
        var open = [(prefix: "", module: value)]
        var count = 0
        while let (prefix, module) = open.popLast() {
            guard let state = Self.state(of: module, in: graph) else { continue }
            count += 1
            guard count <= Self.moduleLimit, prefix.utf8.count < 1000 else { return nil }
            let hidden = Self.hiddenBuffers(state, in: graph)
            for part in ["_parameters", "_buffers"] {
                for (key, value) in Self.members(part, state, in: graph) where value != .none {
                    guard case .string(let name) = key,
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

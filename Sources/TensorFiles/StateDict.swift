/// The named tensors of a checkpoint.
struct StateDict {
    /// The keys under which training scripts keep the state dict; the first match wins.
    static let wrappingKeys = ["state_dict", "model", "model_state_dict", "net"]

    /// What `torch.nn.DataParallel` puts before every name.
    static let parallelPrefix = "module."

    let tensors: [Tensor]

    /// Finds the state dict that a pickle is, or that its dictionary holds.
    init(in graph: PickleGraph) throws(PyTorchCheckpointError) {
        tensors = Self.withoutParallelPrefix(try Self.tensors(in: graph))
    }

    typealias Tensor = (name: String, view: TensorView)
    private typealias Item = (name: String, value: PickleValue)

    private static func tensors(in graph: PickleGraph) throws(PyTorchCheckpointError) -> [Tensor] {
        let root = try items(of: graph.root, in: graph)
        for key in wrappingKeys {
            guard let value = root.first(where: { $0.name == key })?.value,
                case .dictionary = value
            else { continue }
            let wrapped = try tensors(among: try items(of: value, in: graph))
            guard wrapped.isEmpty else { return wrapped }
        }
        let tensors = try tensors(among: root)
        guard !tensors.isEmpty else { throw .noStateDict(keys: root.map(\.name)) }
        return tensors
    }

    private static func items(
        of dictionary: PickleValue, in graph: PickleGraph
    ) throws(PyTorchCheckpointError) -> [Item] {
        guard let pairs = graph.pairs(of: dictionary) else {
            throw .notADictionary(found: dictionary.kind)
        }
        var names: Set<String> = []
        var items: [Item] = []
        for (key, value) in pairs {
            guard case .string(let name) = key else { throw .keyKind(found: key.kind) }
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            items.append((name, value))
        }
        return items
    }

    /// Keeps the tensors; numbers and texts beside them, such as an epoch, are not weights.
    private static func tensors(
        among items: [Item]
    ) throws(PyTorchCheckpointError) -> [Tensor] {
        var tensors: [Tensor] = []
        var containers: [Item] = []
        for item in items {
            switch item.value {
            case .tensor(let view): tensors.append((item.name, view))
            case .dictionary, .list, .tuple: containers.append(item)
            default: continue
            }
        }
        guard !tensors.isEmpty, let container = containers.first else { return tensors }
        throw .notATensor(name: container.name, found: container.value.kind)
    }

    private static func withoutParallelPrefix(_ tensors: [Tensor]) -> [Tensor] {
        let prefix = parallelPrefix
        guard tensors.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else {
            return tensors
        }
        return tensors.map { (String($0.name.dropFirst(prefix.count)), $0.view) }
    }
}

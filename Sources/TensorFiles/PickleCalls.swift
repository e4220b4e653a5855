/// The few calls that checkpoints make, each understood as the value it would give in Python.
extension PickleInterpreter {
    mutating func pushGlobal(module: String, name: String) throws(PickleError) {
        let qualifiedName = "\(module).\(name)"
        guard let global = PickleGlobal(qualifiedName: qualifiedName) else {
            throw .forbiddenName(qualifiedName)
        }
        stack.append(.global(global))
    }

    mutating func pushStackGlobal() throws(PickleError) {
        let names = try pop(count: 2)
        guard case .string(let module) = names[0] else { throw unexpected(names[0], "a module") }
        guard case .string(let name) = names[1] else { throw unexpected(names[1], "a name") }
        try pushGlobal(module: module, name: name)
    }

    /// Understands `("storage", torch.FloatStorage, key, location, count)`.
    mutating func pushStorage() throws(PickleError) {
        let identifier = try pop()
        guard let parts = graph.elements(of: identifier), parts.count == 5,
            parts[0] == .string("storage"),
            case .global(.storage(let elementType)) = parts[1],
            case .string(let key) = parts[2],
            case .integer(let count) = parts[4]
        else { throw unexpected(identifier, "a reference to a storage") }
        stack.append(
            .storage(StorageReference(key: key, elementType: elementType, count: count)))
    }

    mutating func call() throws(PickleError) {
        let operands = try pop(count: 2)
        guard case .global(let callee) = operands[0] else {
            throw unexpected(operands[0], "something to call")
        }
        guard case .tuple(let cell) = operands[1] else {
            throw unexpected(operands[1], "a tuple of arguments")
        }
        guard let result = result(of: callee, graph.cells[cell]) else {
            throw .forbiddenCall("\(callee)", offset: offset)
        }
        stack.append(result)
    }

    /// Accepts the attributes of an `OrderedDict`, where state dicts keep their version numbers.
    mutating func setState() throws(PickleError) {
        _ = try pop()
        let target = try top()
        guard case .dictionary = target else { throw unexpected(target, "a dictionary") }
    }

    private mutating func result(
        of callee: PickleGlobal, _ arguments: [PickleValue]
    ) -> PickleValue? {
        switch callee {
        case .orderedDictionary:
            arguments.isEmpty ? .dictionary(graph.add([])) : nil
        case .rebuildTensor:
            tensor(arguments).map(PickleValue.tensor)
        case .rebuildParameter:
            arguments.count == 3 ? tensorValue(arguments[0]) : nil
        case .size:
            arguments.count == 1 ? tupleValue(arguments[0]) : nil
        case .counter, .device:
            .opaque
        case .storage, .elementType:
            nil
        }
    }

    /// Understands `(storage, offset, shape, strides, requires_grad, hooks[, metadata])`.
    private func tensor(_ arguments: [PickleValue]) -> TensorView? {
        guard (6...7).contains(arguments.count),
            case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]),
            let strides = integers(arguments[3])
        else { return nil }
        return TensorView(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let cell) = value, graph.cells[cell].count <= ElementType.rankLimit
        else { return nil }
        var integers: [Int] = []
        for element in graph.cells[cell] {
            guard case .integer(let integer) = element else { return nil }
            integers.append(integer)
        }
        return integers
    }

    private func tensorValue(_ value: PickleValue) -> PickleValue? {
        guard case .tensor = value else { return nil }
        return value
    }

    private func tupleValue(_ value: PickleValue) -> PickleValue? {
        guard case .tuple = value else { return nil }
        return value
    }
}

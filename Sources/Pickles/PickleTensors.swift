import Basics

/// The storages and tensors of a pickle.
extension PickleInterpreter {
    /// Understands `("storage", torch.FloatStorage, key, location, count)`, with the part of the storage
    /// that is meant as a sixth element in old files, and `("module", class, file, source)`.
    mutating func pushPersistent() throws(PickleError) {
        let identifier = try pop()
        guard let parts = graph.elements(of: identifier) else {
            throw unexpected(identifier, "a reference to a storage")
        }
        if parts.first == .string("module"), parts.count >= 2, case .global = parts[1] {
            stack.append(parts[1])
            return
        }
        guard parts.count == 5 || parts.count == 6, parts[0] == .string("storage"),
            case .global(let type) = parts[1], case .string(let key) = parts[2],
            case .integer(let count) = parts[4],
            let start = parts.count == 5 ? 0 : start(ofPart: parts[5])
        else { throw unexpected(identifier, "a reference to a storage") }
        push(storage: key, of: type, count: count, start: start)
    }

    /// Understands the same five as a text, which protocol 0 has instead of a tuple.
    mutating func pushPersistent(named line: String) throws(PickleError) {
        let parts = line.dropFirst().dropLast().split(
            separator: ", ", omittingEmptySubsequences: false)
        guard line.hasPrefix("("), line.hasSuffix(")"), parts.count == 5 || parts.count == 6,
            parts[0] == "'storage'", let type = Self.inside(parts[1], "<class '", "'>"),
            let key = Self.inside(parts[2], "'", "'"), let count = Int(parts[4]),
            parts.count == 5 || parts[5] == "None"
        else {
            throw .wrongKind(
                expected: "a reference to a storage", found: line.quoted, offset: offset)
        }
        push(storage: key, of: PickleGlobal(qualifiedName: type), count: count, start: 0)
    }

    private static func inside(_ text: Substring, _ start: String, _ end: String) -> String? {
        guard text.hasPrefix(start), text.hasSuffix(end), text.count >= start.count + end.count
        else { return nil }
        return String(text.dropFirst(start.count).dropLast(end.count))
    }

    private mutating func push(
        storage key: String, of type: PickleGlobal, count: Int, start: Int
    ) {
        graph.storageTypes[key] = graph.storageTypes[key] ?? type.description
        guard case .storage(let elementType) = type else {
            pushObject(calling: type, [])
            return
        }
        stack.append(
            .storage(
                StorageReference(
                    key: key, elementType: elementType, count: count, start: start)))
    }

    /// Understands `None` or `(key, offset, count)`.
    private func start(ofPart value: PickleValue) -> Int? {
        guard value != .none else { return 0 }
        guard let parts = graph.elements(of: value), parts.count == 3,
            case .integer(let start) = parts[1], start >= 0
        else { return nil }
        return start
    }

    /// Understands `(storage, offset, shape, strides[, requires_grad, hooks[, metadata]])`.
    ///
    /// A tensor whose metadata have something pending, such as a negation, is none.
    func tensor(_ arguments: [PickleValue]) -> TensorView? {
        guard [4, 6, 7].contains(arguments.count),
            case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]),
            let strides = integers(arguments[3]),
            arguments.count < 7 || graph.pairs(of: arguments[6])?.isEmpty ?? true
        else { return nil }
        let (place, overflow) = offset.addingReportingOverflow(storage.start)
        guard !overflow else { return nil }
        var whole = storage
        whole.start = 0
        return TensorView(
            storage: whole, offset: offset < 0 ? offset : place, shape: shape, strides: strides)
    }

    /// Understands `(storage, offset, shape, strides, requires_grad, hooks, type[, metadata])`, whose
    /// storage is counted in bytes.
    func typedTensor(_ arguments: [PickleValue]) -> TensorView? {
        guard arguments.count >= 7, case .storage(let bytes) = arguments[0],
            bytes.elementType == .uint8,
            case .global(.elementType(let elementType)) = arguments[6],
            bytes.count.isMultiple(of: elementType.byteCount),
            let view = tensor(Array(arguments[..<6]) + arguments[7...].prefix(1))
        else { return nil }
        let storage = StorageReference(
            key: bytes.key, elementType: elementType, count: bytes.count / elementType.byteCount)
        return TensorView(
            storage: storage, offset: view.offset, shape: view.shape, strides: view.strides)
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

    /// An object without meaning, by what errors call it.
    mutating func object(
        calling callee: PickleGlobal, _ arguments: [PickleValue]
    ) -> PickleValue {
        let name = callee.description
        return graph.add(
            PickleObject(
                kind: kind(ofCalling: callee, arguments), callee: name, arguments: arguments))
    }

    private func kind(ofCalling callee: PickleGlobal, _ arguments: [PickleValue]) -> String {
        switch (callee, arguments.first) {
        case (.rebuildTensor, .object(let storage)):
            return "a tensor in a \(graph.objects[storage].callee.shown)"
        case (.rebuildTypedTensor, _) where arguments.count >= 7:
            guard case .global(let type) = arguments[6] else { break }
            return "a tensor of the type \(type.description.shown)"
        case (.rebuildTensor, .storage) where arguments.count == 7:
            return "a tensor with a pending negation or conjugation, to save with "
                + ".resolve_neg().resolve_conj()"
        case (.other(let name), _) where NumPyArray.callees.contains(name):
            return "an array of NumPy of another type or byte order"
        case (.other("torch._utils._rebuild_sparse_tensor"), _): return "a sparse tensor"
        case (.other("torch._utils._rebuild_qtensor"), _): return "a quantized tensor"
        case (.other("torch._utils._rebuild_meta_tensor_no_storage"), _):
            return "a tensor without values (device meta)"
        case (.other("copyreg._reconstructor"), .global(let type)),
            (.other("copy_reg._reconstructor"), .global(let type)):
            return "an object of the class \(type.description.shown)"
        default: break
        }
        return "an object of the class \(callee.description.shown)"
    }
}

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The calls of a pickle: the few that weights need are understood as the value they would give in
/// Python, and every other one as an object without meaning. None is executed.
extension PickleInterpreter {
    mutating func pushGlobal(module: String, name: String) {
        stack.append(.global(PickleGlobal(qualifiedName: "\(module).\(name)")))
    }

    mutating func pushStackGlobal() throws(PickleError) {
        let names = try pop(count: 2)
        guard case .string(let module) = names[0] else { throw unexpected(names[0], "a module") }
        guard case .string(let name) = names[1] else { throw unexpected(names[1], "a name") }
        try charge(module.utf8.count + name.utf8.count)
        pushGlobal(module: module, name: name)
    }

    /// A name that Python's `copyreg` would look up by a number.
    mutating func pushExtension(_ code: Int) {
        stack.append(.global(.other("copyreg extension \(code)")))
    }

    mutating func call() throws(PickleError) {
        let operands = try pop(count: 2)
        guard case .tuple(let cell) = operands[1] else {
            throw unexpected(operands[1], "a tuple of arguments")
        }
        try push(calling: operands[0], graph.cells[cell])
    }

    mutating func callWithKeywords() throws(PickleError) {
        let operands = try pop(count: 3)
        guard case .tuple(let cell) = operands[1], case .dictionary = operands[2] else {
            throw unexpected(operands[1], "a tuple and a dictionary of arguments")
        }
        try push(calling: operands[0], graph.cells[cell])
    }

    mutating func callFirst(of values: [PickleValue]) throws(PickleError) {
        guard let callee = values.first else { throw .emptyStack(offset: offset) }
        try push(calling: callee, Array(values.dropFirst()))
    }

    mutating func callNamed(
        module: String, name: String, _ arguments: [PickleValue]
    ) throws(PickleError) {
        try push(calling: .global(PickleGlobal(qualifiedName: "\(module).\(name)")), arguments)
    }

    /// Gives a value its attributes: an object keeps them, a state dict's version numbers are no weights.
    mutating func setState() throws(PickleError) {
        let state = try pop()
        let target = try top()
        switch target {
        case .object(let index): graph.objects[index].state = state
        case .dictionary, .tensor, .list: break
        default: throw unexpected(target, "an object")
        }
    }

    mutating func pushObject(calling callee: PickleGlobal, _ arguments: [PickleValue]) {
        stack.append(object(calling: callee, arguments))
    }

    private mutating func push(
        calling callee: PickleValue, _ arguments: [PickleValue]
    ) throws(PickleError) {
        switch callee {
        case .global(let global):
            stack.append(try value(of: global, arguments) ?? object(calling: global, arguments))
        case .object(let index):
            // The result of a call that has no meaning is called.
            pushObject(calling: .other(graph.objects[index].callee), arguments)
        default:
            throw unexpected(callee, "something to call")
        }
    }

    /// What a call gives, where it is one that weights need and its arguments make sense.
    private mutating func value(
        of callee: PickleGlobal, _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue? {
        switch callee {
        case .dictionary: try dictionary(arguments)
        case .rebuildTensor: tensor(arguments).map(PickleValue.tensor)
        case .rebuildTypedTensor: typedTensor(arguments).map(PickleValue.tensor)
        case .rebuildParameter: arguments.first.flatMap { tensorValue($0) }
        case .rebuildSubclass: try subclass(arguments)
        case .size: arguments.count == 1 ? tupleValue(arguments[0]) : nil
        case .encode: try encoded(arguments)
        case .storage, .elementType, .other: nil
        }
    }

    /// Understands `OrderedDict()`, `defaultdict(factory)` and, as Python 2 wrote them,
    /// `OrderedDict([[key, value], …])`.
    private mutating func dictionary(
        _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue? {
        var items: [PickleValue] = []
        if let pairs = arguments.last.flatMap({ graph.elements(of: $0) }) {
            try charge(2 * pairs.count * MemoryLayout<PickleValue>.stride)
            for pair in pairs {
                guard let item = graph.elements(of: pair), item.count == 2 else { return nil }
                items += item
            }
        }
        return .dictionary(graph.add(items))
    }

    /// Understands `(function, type, arguments, state)`, a tensor of a class derived from PyTorch's.
    private mutating func subclass(
        _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue? {
        guard arguments.count == 4, case .global(let function) = arguments[0],
            function != .rebuildSubclass, case .tuple(let cell) = arguments[2]
        else { return nil }
        return try value(of: function, graph.cells[cell])
    }

    /// Understands `_codecs.encode(text, "latin1")`, by which Python 3 writes bytes in protocol 2.
    private mutating func encoded(
        _ arguments: [PickleValue]
    ) throws(PickleError) -> PickleValue? {
        guard case .string(let text) = arguments.first else { return nil }
        try charge(text.utf8.count)
        var bytes = Data(capacity: text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return .bytes(bytes)
    }

    private func tensorValue(_ value: PickleValue) -> PickleValue? {
        switch value {
        case .tensor, .object: value
        default: nil
        }
    }

    private func tupleValue(_ value: PickleValue) -> PickleValue? {
        guard case .tuple = value else { return nil }
        return value
    }
}

extension PickleGraph {
    /// The modules whose functions run programs, text or other files' code, by Python's names for them.
    private static let modulesThatRun: Set<Substring> = [
        "os", "posix", "nt", "subprocess", "commands", "popen2", "pty", "shutil", "socket", "runpy",
        "importlib", "imp", "ctypes", "code", "codeop", "webbrowser", "marshal", "pickle", "sys",
    ]

    /// The functions of `builtins` that do.
    private static let functionsThatRun: Set<Substring> = [
        "eval", "exec", "execfile", "compile", "open", "input", "__import__", "getattr", "apply",
    ]

    /// What the pickle asks to call although it runs code; nil where there is no such thing.
    ///
    /// Nothing was called.
    package var calleeThatRuns: String? {
        objects.lazy.map(\.callee).first { callee in
            let parts = callee.split(separator: ".")
            guard let module = parts.first, let name = parts.last else { return false }
            let isBuiltin = module == "builtins" || module == "__builtin__"
            return isBuiltin
                ? Self.functionsThatRun.contains(name) : Self.modulesThatRun.contains(module)
        }
    }
}

import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Follows a pickle's operations and builds plain values; no operation can run anything.
///
/// Names and calls that a reader of weights has to understand are those of `PickleGlobal`. Every other
/// call gives an object without meaning.
package struct PickleInterpreter {
    /// The most operations that a pickle may have, which is room for some 100 000 tensors; an operation
    /// of one byte may become hundreds of bytes in memory.
    static let operationLimit = 4 << 20

    /// What a pickle may copy beside its own size, in bytes.
    static let copyLimit = 16 << 20

    var graph = PickleGraph()
    var stack: [PickleValue] = []
    var cursor: ByteCursor
    /// Where the current operation begins.
    var offset = 0

    /// How many bytes may still be copied from values that one operation made and many can name.
    private var copiesLeft: Int

    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// Builds the values of a pickle.
    ///
    /// - Parameter bytes: the whole pickle.
    /// - Returns: its values.
    /// - Throws: `PickleError` where the pickle is damaged.
    package static func graph(of bytes: Data) throws(PickleError) -> PickleGraph {
        var cursor = ByteCursor(bytes)
        let graph = try next(from: &cursor)
        guard cursor.remaining == 0 else { throw .trailingBytes(count: cursor.remaining) }
        return graph
    }

    /// Builds the values of one of several pickles that follow each other.
    ///
    /// - Parameter cursor: in front of the pickle, and behind it afterwards.
    /// - Returns: the pickle's values.
    /// - Throws: `PickleError` where the pickle is damaged.
    package static func next(from cursor: inout ByteCursor) throws(PickleError) -> PickleGraph {
        var interpreter = PickleInterpreter(cursor: cursor)
        try interpreter.run()
        cursor = interpreter.cursor
        return interpreter.graph
    }

    private init(cursor: ByteCursor) {
        self.cursor = cursor
        copiesLeft = Self.copyLimit + 2 * cursor.remaining
    }

    /// Takes account of a copy, so that a few bytes cannot ask for it over and over.
    mutating func charge(_ byteCount: Int) throws(PickleError) {
        guard byteCount <= copiesLeft else { throw .copiesTooMuch(offset: offset) }
        copiesLeft -= byteCount
    }

    private mutating func run() throws(PickleError) {
        for _ in 0..<Self.operationLimit {
            offset = cursor.offset
            let byte = try integer(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw .unknownOpcode(byte, offset: offset)
            }
            guard opcode != .stop else {
                graph.root = try pop()
                return
            }
            try execute(opcode)
        }
        throw .tooManyOperations(limit: Self.operationLimit)
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(PickleError) {
        switch opcode {
        case .stop: break
        case .protocolVersion: try checkProtocol()
        case .frame: _ = try integer(UInt64.self)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .uint8: stack.append(.integer(Int(try integer(UInt8.self))))
        case .uint16: stack.append(.integer(Int(try integer(UInt16.self))))
        case .int32: stack.append(.integer(Int(try integer(Int32.self))))
        case .shortLong: stack.append(try long(try integer(UInt8.self)))
        case .long: stack.append(try long(try integer(Int32.self)))
        case .integerLine, .longLine: stack.append(try integerLine())
        case .floatLine: stack.append(try floatLine())
        case .binaryFloat: stack.append(try float())
        case .shortString: stack.append(try oldString(try integer(UInt8.self)))
        case .string: stack.append(try oldString(try integer(UInt32.self)))
        case .stringLine: stack.append(try oldStringLine())
        case .unicodeLine: stack.append(try unicodeLine())
        case .shortUnicode: stack.append(try text(try integer(UInt8.self)))
        case .unicode: stack.append(try text(try integer(UInt32.self)))
        case .longUnicode: stack.append(try text(try integer(UInt64.self)))
        case .shortBytes: stack.append(try raw(try integer(UInt8.self)))
        case .bytes: stack.append(try raw(try integer(UInt32.self)))
        case .longBytes, .byteArray: stack.append(try raw(try integer(UInt64.self)))
        case .nextBuffer: throw .outsideBuffer(offset: offset)
        case .readOnlyBuffer: _ = try top()
        case .mark: marks.append(stack.count)
        case .pop: try popOrUnmark()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .shortPut: memo[Int(try integer(UInt8.self))] = try top()
        case .put: memo[Int(try integer(UInt32.self))] = try top()
        case .putLine: memo[try number(UInt32.self)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .shortGet: stack.append(try recall(try integer(UInt8.self)))
        case .get: stack.append(try recall(try integer(UInt32.self)))
        case .getLine: stack.append(try recall(try number(UInt32.self)))
        case .emptyTuple: stack.append(.tuple(graph.add([])))
        case .tuple1: try makeTuple(of: 1)
        case .tuple2: try makeTuple(of: 2)
        case .tuple3: try makeTuple(of: 3)
        case .tuple: stack.append(.tuple(graph.add(try popToMark())))
        case .emptyList: stack.append(.list(graph.add([])))
        case .list: stack.append(.list(graph.add(try popToMark())))
        case .append: try extendList(by: [try pop()])
        case .appends: try extendList(by: try popToMark())
        case .emptySet: pushObject(calling: .other("builtins.set"), [])
        case .frozenSet: pushObject(calling: .other("builtins.frozenset"), try popToMark())
        case .addItems: try addItems()
        case .emptyDictionary: stack.append(.dictionary(graph.add([])))
        case .dictionary:
            let items = try popToMark()
            stack.append(.dictionary(graph.add([])))
            try extendDictionary(by: items)
        case .setItem: try extendDictionary(by: try pop(count: 2))
        case .setItems: try extendDictionary(by: try popToMark())
        case .global: pushGlobal(module: try line(), name: try line())
        case .stackGlobal: try pushStackGlobal()
        case .extension1: pushExtension(Int(try integer(UInt8.self)))
        case .extension2: pushExtension(Int(try integer(UInt16.self)))
        case .extension4: pushExtension(Int(try integer(Int32.self)))
        case .persistentID: try pushPersistent()
        case .persistentIDLine: try pushPersistent(named: try line())
        case .reduce, .newObject: try call()
        case .newObjectWithKeywords: try callWithKeywords()
        case .object: try callFirst(of: try popToMark())
        case .instance: try callNamed(module: try line(), name: try line(), try popToMark())
        case .build: try setState()
        }
    }
}

// MARK: - The stack, the marks and the memo

extension PickleInterpreter {
    /// The stack's height at the last mark, below which only what takes the mark may reach.
    private var floor: Int { marks.last ?? 0 }

    func top() throws(PickleError) -> PickleValue {
        guard stack.count > floor, let value = stack.last else {
            throw .emptyStack(offset: offset)
        }
        return value
    }

    mutating func pop() throws(PickleError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    mutating func pop(count: Int) throws(PickleError) -> [PickleValue] {
        guard stack.count - floor >= count else { throw .emptyStack(offset: offset) }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(PickleError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw .noMark(offset: offset) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    /// Takes the last value, or the last mark where no value has come after it.
    private mutating func popOrUnmark() throws(PickleError) {
        if stack.count == marks.last {
            marks.removeLast()
        } else {
            _ = try pop()
        }
    }

    private func recall(_ index: some BinaryInteger) throws(PickleError) -> PickleValue {
        guard let value = memo[Int(index)] else {
            throw .unknownMemo(Int(index), offset: offset)
        }
        return value
    }

    private mutating func makeTuple(of count: Int) throws(PickleError) {
        stack.append(.tuple(graph.add(try pop(count: count))))
    }

    /// What is put into an object without meaning has none either.
    private mutating func extendList(by values: [PickleValue]) throws(PickleError) {
        let target = try top()
        switch target {
        case .list(let cell): graph.cells[cell] += values
        case .object: break
        default: throw unexpected(target, "a list")
        }
    }

    private mutating func extendDictionary(by items: [PickleValue]) throws(PickleError) {
        let target = try top()
        guard items.count.isMultiple(of: 2) else { throw .oddItems(offset: offset) }
        switch target {
        case .dictionary(let cell): graph.cells[cell] += items
        case .object: break
        default: throw unexpected(target, "a dictionary")
        }
    }

    private mutating func addItems() throws(PickleError) {
        _ = try popToMark()
        let target = try top()
        guard case .object = target else { throw unexpected(target, "a set") }
    }

    func unexpected(_ found: PickleValue, _ expected: String) -> PickleError {
        .wrongKind(expected: expected, found: graph.kind(of: found), offset: offset)
    }
}

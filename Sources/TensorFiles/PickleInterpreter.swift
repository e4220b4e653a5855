#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Follows a pickle's operations and builds plain values; no operation can run anything.
///
/// Names, calls and objects are taken only from `PickleGlobal`, whose meaning is fixed here.
package struct PickleInterpreter {
    /// The longest pickle that is read, which is room for some 30 000 tensors; a byte may become
    /// hundreds in memory.
    static let byteLimit = 4 << 20

    var graph = PickleGraph()
    var stack: [PickleValue] = []
    var cursor: ByteCursor
    /// Where the current operation begins.
    var offset = 0

    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// Builds the values of a pickle.
    ///
    /// - Parameter bytes: the whole pickle.
    /// - Returns: its values.
    /// - Throws: `PickleError` where the pickle is damaged, or needs what is not on the list.
    package static func graph(of bytes: Data) throws(PickleError) -> PickleGraph {
        guard bytes.count <= byteLimit else {
            throw .tooLarge(byteCount: bytes.count, limit: byteLimit)
        }
        var interpreter = PickleInterpreter(cursor: ByteCursor(bytes))
        return try interpreter.run()
    }

    private init(cursor: ByteCursor) {
        self.cursor = cursor
    }

    private mutating func run() throws(PickleError) -> PickleGraph {
        while true {
            offset = cursor.offset
            let byte = try integer(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw .unknownOpcode(byte, offset: offset)
            }
            guard opcode != .stop else { break }
            try execute(opcode)
        }
        graph.root = try pop()
        guard cursor.remaining == 0 else { throw .trailingBytes(count: cursor.remaining) }
        return graph
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
        case .binaryFloat: stack.append(try float())
        case .shortUnicode, .shortString: stack.append(try text(try integer(UInt8.self)))
        case .unicode, .string: stack.append(try text(try integer(UInt32.self)))
        case .longUnicode: stack.append(try text(try integer(UInt64.self)))
        case .shortBytes: stack.append(try raw(try integer(UInt8.self)))
        case .bytes: stack.append(try raw(try integer(UInt32.self)))
        case .longBytes, .byteArray: stack.append(try raw(try integer(UInt64.self)))
        case .mark: marks.append(stack.count)
        case .pop: try popOrUnmark()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .shortPut: memo[Int(try integer(UInt8.self))] = try top()
        case .put: memo[Int(try integer(UInt32.self))] = try top()
        case .memoize: memo[memo.count] = try top()
        case .shortGet: stack.append(try recall(try integer(UInt8.self)))
        case .get: stack.append(try recall(try integer(UInt32.self)))
        case .emptyTuple: stack.append(.tuple(graph.add([])))
        case .tuple1: try makeTuple(of: 1)
        case .tuple2: try makeTuple(of: 2)
        case .tuple3: try makeTuple(of: 3)
        case .tuple: stack.append(.tuple(graph.add(try popToMark())))
        case .emptyList: stack.append(.list(graph.add([])))
        case .append: try extendList(by: [try pop()])
        case .appends: try extendList(by: try popToMark())
        case .emptyDictionary: stack.append(.dictionary(graph.add([])))
        case .setItem: try extendDictionary(by: try pop(count: 2))
        case .setItems: try extendDictionary(by: try popToMark())
        case .global: try pushGlobal(module: try line(), name: try line())
        case .stackGlobal: try pushStackGlobal()
        case .persistentID: try pushStorage()
        case .reduce, .newObject: try call()
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

    private mutating func extendList(by values: [PickleValue]) throws(PickleError) {
        let target = try top()
        guard case .list(let cell) = target else { throw unexpected(target, "a list") }
        graph.cells[cell] += values
    }

    private mutating func extendDictionary(by items: [PickleValue]) throws(PickleError) {
        let target = try top()
        guard case .dictionary(let cell) = target else { throw unexpected(target, "a dictionary") }
        guard items.count.isMultiple(of: 2) else { throw .oddItems(offset: offset) }
        graph.cells[cell] += items
    }

    func unexpected(_ found: PickleValue, _ expected: String) -> PickleError {
        .wrongKind(expected: expected, found: found.kind, offset: offset)
    }
}

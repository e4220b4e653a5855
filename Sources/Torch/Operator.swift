import CTorch

/// An argument of an operator, retained for as long as the call lasts.
package enum OperatorArgument: Sendable {
    case none
    case tensor(Tensor?)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case string(StaticString)
    case device(Device)
    case generator(Generator?)
    case ints([Int])
    case doubles([Double])
    case bools([Bool])
    case tensors([Tensor])
    case optionalTensors([Tensor?])
    case scalars([Double])

    static func dtype(_ dtype: DType) -> OperatorArgument { .int(Int(dtype.rawValue)) }

    static func format(_ format: MemoryFormat) -> OperatorArgument { .int(format.rawValue) }

    /// Whether a collected failure left one of the argument's tensors empty.
    fileprivate var isEmptied: Bool {
        switch self {
        case .tensor(let tensor?): tensor.handle == nil
        case .tensors(let tensors): tensors.contains { $0.handle == nil }
        case .optionalTensors(let tensors): tensors.contains { $0 != nil && $0?.handle == nil }
        default: false
        }
    }

    fileprivate var shapes: String {
        switch self {
        case .tensor(let tensor?): "\(tensor.dtype)\(tensor.shape)"
        case .tensors(let tensors): "\(tensors.map(\.shape))"
        case .optionalTensors(let tensors): "\(tensors.map { $0?.shape ?? [] })"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .ints(let values): "\(values)"
        default: "_"
        }
    }
}

extension ATen {
    /// Calls the operator and returns its first result.
    @discardableResult
    func call(_ arguments: OperatorArgument...) -> Tensor {
        dispatch(arguments, results: 1)[0]
    }

    /// Calls an operator that returns nothing.
    func perform(_ arguments: OperatorArgument...) {
        _ = dispatch(arguments, results: 0)
    }

    /// Calls the operator with arguments put together beforehand and returns its first result.
    func callList(_ arguments: [OperatorArgument]) -> Tensor {
        dispatch(arguments, results: 1)[0]
    }

    /// Calls an operator with several results.
    ///
    /// - Parameters:
    ///   - results: how many tensors the operator returns.
    ///   - arguments: in the order of the schema.
    /// - Returns: that many tensors.
    func call(results: Int, _ arguments: OperatorArgument...) -> [Tensor] {
        dispatch(arguments, results: results)
    }

    /// LibTorch's entries live as long as the process and never change.
    private nonisolated(unsafe) static let handles: [ATen: ct_operator] = {
        var handles: [ATen: ct_operator] = [:]
        for operation in ATen.allCases {
            let parts = operation.rawValue.split(separator: ".", maxSplits: 1)
            let overload = parts.count > 1 ? String(parts[1]) : ""
            var handle: ct_operator?
            check(ct_operator_find(String(parts[0]), overload, &handle), operation.rawValue)
            handles[operation] = handle
        }
        return handles
    }()

    /// The operator's signature as LibTorch prints it.
    var schema: String {
        guard let handle = ATen.handles[self], let text = ct_operator_schema(handle) else {
            return rawValue
        }
        defer { ct_string_free(text) }
        return String(cString: text)
    }

    private func dispatch(_ arguments: [OperatorArgument], results: Int) -> [Tensor] {
        if arguments.contains(where: \.isEmptied) {
            return (0..<results).map { _ in Tensor(owning: nil) }
        }
        var values = ArgumentBuffer(arguments)
        defer { values.deallocate() }
        var returned = [ct_value](repeating: ct_value(), count: results)
        var count = 0
        let succeeded = withExtendedLifetime(arguments) {
            check(
                ct_operator_call(
                    ATen.handles[self], values.values, arguments.count, &returned, results, &count),
                rawValue, shapes: arguments.map(\.shapes).joined(separator: ", "))
        }
        precondition(
            !succeeded || count == results,
            "\(rawValue): \(count) results where \(results) were expected")
        let tensors = returned.map { Tensor(owning: $0.kind == CT_TENSOR ? $0.tensor : nil) }
        OperatorRecorder.note(self, arguments, tensors)
        return tensors
    }
}

/// The arguments of one call in the shim's form, with the memory that lists point to.
private struct ArgumentBuffer {
    private(set) var values: [ct_value] = []
    private var lists: [UnsafeMutableRawPointer] = []

    init(_ arguments: [OperatorArgument]) {
        values.reserveCapacity(arguments.count)
        for argument in arguments { append(argument) }
    }

    mutating func deallocate() {
        for list in lists { list.deallocate() }
        lists = []
    }

    private mutating func append(_ argument: OperatorArgument) {
        var value = ct_value()
        switch argument {
        case .none, .tensor(nil), .generator(nil):
            value.kind = CT_NONE
        case .tensor(let tensor?):
            value.kind = CT_TENSOR
            value.tensor = tensor.handle
        case .int(let integer):
            value.kind = CT_INT
            value.integer = Int64(integer)
        case .double(let number):
            value.kind = CT_DOUBLE
            value.number = number
        case .bool(let boolean):
            value.kind = CT_BOOL
            value.boolean = boolean
        case .string(let string):
            value.kind = CT_STRING
            value.string = UnsafeRawPointer(string.utf8Start).assumingMemoryBound(to: CChar.self)
        case .device(let device):
            value.kind = CT_DEVICE
            value.device = device.handle
        case .generator(let generator?):
            value.kind = CT_GENERATOR
            value.generator = generator.handle
        case .ints(let integers):
            value.kind = CT_INT_LIST
            value.list = list(integers.map(Int64.init))
        case .doubles(let numbers):
            value.kind = CT_DOUBLE_LIST
            value.list = list(numbers)
        case .bools(let booleans):
            value.kind = CT_BOOL_LIST
            value.list = list(booleans)
        case .tensors(let tensors):
            value.kind = CT_TENSOR_LIST
            value.list = list(tensors.map(\.handle))
        case .optionalTensors(let tensors):
            value.kind = CT_OPTIONAL_TENSOR_LIST
            value.list = list(tensors.map { $0?.handle })
        case .scalars(let numbers):
            value.kind = CT_OPTIONAL_SCALAR_LIST
            value.list = list(numbers)
        }
        values.append(value)
    }

    private mutating func list<Element: BitwiseCopyable>(_ elements: [Element]) -> ct_list {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        memory.initialize(from: elements, count: elements.count)
        lists.append(UnsafeMutableRawPointer(memory))
        return ct_list(data: memory, count: elements.count)
    }
}

/// A value that a pickle describes.
///
/// Tuples, lists and dictionaries are numbers of cells in a `PickleGraph`, so that values may be
/// shared and even contain themselves, and no nesting makes copying or freeing them recurse.
package enum PickleValue: Sendable, Hashable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    indirect case storage(StorageReference)
    indirect case tensor(TensorView)
    /// Something harmless that no reader of weights needs, such as a device or raw bytes.
    case opaque

    /// What errors call a value of this kind.
    package var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an integer"
        case .float: "a float"
        case .string: "a string"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global(let global): "the name \(global)"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .opaque: "another object"
        }
    }
}

/// The names a pickle may refer to; looking one up runs nothing.
package enum PickleGlobal: Sendable, Hashable {
    case orderedDictionary
    case counter
    case rebuildTensor
    case rebuildParameter
    case size
    case device
    case storage(ElementType)
    case elementType(ElementType)

    private static let names: [String: PickleGlobal] = {
        var names: [String: PickleGlobal] = [
            "collections.OrderedDict": .orderedDictionary,
            "collections.Counter": .counter,
            "torch._utils._rebuild_tensor_v2": .rebuildTensor,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch.Size": .size,
            "torch.device": .device,
        ]
        for type in ElementType.allCases {
            names["torch.\(type.storageName)"] = .storage(type)
            names["torch.\(type.rawValue)"] = .elementType(type)
        }
        return names
    }()

    /// Finds a name on the list of those that checkpoints need.
    ///
    /// - Parameter qualifiedName: a module and a name with a dot between them.
    package init?(qualifiedName: String) {
        guard let match = Self.names[qualifiedName] else { return nil }
        self = match
    }
}

extension PickleGlobal: CustomStringConvertible {
    /// The name in Python, with its module.
    package var description: String {
        Self.names.first { $0.value == self }?.key ?? ""
    }
}

/// A checkpoint's storage, by the name of the zip entry that holds it.
package struct StorageReference: Sendable, Hashable {
    package let key: String
    package let elementType: ElementType
    package let count: Int
}

/// All values of a pickle.
package struct PickleGraph: Sendable {
    /// The value that the whole pickle stands for.
    package internal(set) var root = PickleValue.none

    /// The elements of tuples and lists, and the keys and values of dictionaries in turn.
    var cells: [[PickleValue]] = []

    mutating func add(_ elements: [PickleValue]) -> Int {
        cells.append(elements)
        return cells.count - 1
    }

    /// The elements of a tuple or list, `nil` for anything else.
    func elements(of value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let cell), .list(let cell): cells[cell]
        default: nil
        }
    }

    /// The keys and values of a dictionary in their order, `nil` for anything else.
    func pairs(of value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
        guard case .dictionary(let cell) = value else { return nil }
        let items = cells[cell]
        return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
    }
}

extension ElementType {
    fileprivate var storageName: String {
        switch self {
        case .int64: "LongStorage"
        case .float64: "DoubleStorage"
        case .float32: "FloatStorage"
        case .int32: "IntStorage"
        case .bfloat16: "BFloat16Storage"
        case .float16: "HalfStorage"
        case .int16: "ShortStorage"
        case .int8: "CharStorage"
        case .uint8: "ByteStorage"
        case .bool: "BoolStorage"
        }
    }
}

import Basics

/// The names that a pickle refers to; looking one up runs nothing.
package enum PickleGlobal: Sendable, Hashable {
    case dictionary
    case rebuildTensor
    case rebuildTypedTensor
    case rebuildParameter
    case rebuildSubclass
    case size
    case encode
    case storage(ElementType)
    case elementType(ElementType)
    /// A name that has no meaning here.
    case other(String)

    private static let names: [String: PickleGlobal] = {
        var names: [String: PickleGlobal] = [
            "builtins.dict": .dictionary,
            "__builtin__.dict": .dictionary,
            "collections.OrderedDict": .dictionary,
            "collections.defaultdict": .dictionary,
            "torch._utils._rebuild_tensor": .rebuildTensor,
            "torch._utils._rebuild_tensor_v2": .rebuildTensor,
            "torch._utils._rebuild_tensor_v3": .rebuildTypedTensor,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
            "torch._tensor._rebuild_from_type_v2": .rebuildSubclass,
            "torch.Size": .size,
            "_codecs.encode": .encode,
            "torch.storage.UntypedStorage": .storage(.uint8),
            "torch.UntypedStorage": .storage(.uint8),
        ]
        for type in ElementType.allCases {
            names["torch.\(type.storageName)"] = .storage(type)
            names["torch.cuda.\(type.storageName)"] = .storage(type)
            names["torch.\(type.rawValue)"] = .elementType(type)
        }
        return names
    }()

    /// Gives a name its meaning.
    ///
    /// - Parameter qualifiedName: a module and a name with a dot between them.
    package init(qualifiedName: String) {
        self = Self.names[qualifiedName] ?? .other(qualifiedName)
    }
}

extension PickleGlobal: CustomStringConvertible {
    /// A name in Python, with its module.
    package var description: String {
        switch self {
        case .dictionary: "collections.OrderedDict"
        case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
        case .rebuildTypedTensor: "torch._utils._rebuild_tensor_v3"
        case .rebuildParameter: "torch._utils._rebuild_parameter"
        case .rebuildSubclass: "torch._tensor._rebuild_from_type_v2"
        case .size: "torch.Size"
        case .encode: "_codecs.encode"
        case .storage(let type): "torch.\(type.storageName)"
        case .elementType(let type): "torch.\(type.rawValue)"
        case .other(let name): name
        }
    }
}

extension ElementType {
    /// What PyTorch calls a storage of such elements.
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

import Basics
import CTorch

/// The type of a tensor's elements.
public enum DType: Int8, Sendable, Hashable, CaseIterable {
    // The raw values are those of `c10::ScalarType`.
    case uint8 = 0
    case int8 = 1
    case int16 = 2
    case int32 = 3
    case int64 = 4
    case float16 = 5
    case float32 = 6
    case float64 = 7
    case bool = 11
    case bfloat16 = 15

    /// Whether gradients can flow through elements of this type.
    public var isFloatingPoint: Bool { elementType.isFloatingPoint }

    /// The same type in the vocabulary of weight files.
    public var elementType: ElementType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        case .bool: .bool
        case .bfloat16: .bfloat16
        }
    }

    /// The type that a weight file's element type names.
    public init(_ elementType: ElementType) {
        switch elementType {
        case .uint8: self = .uint8
        case .int8: self = .int8
        case .int16: self = .int16
        case .int32: self = .int32
        case .int64: self = .int64
        case .float16: self = .float16
        case .float32: self = .float32
        case .float64: self = .float64
        case .bool: self = .bool
        case .bfloat16: self = .bfloat16
        }
    }
}

/// A Swift type whose values a tensor can hold.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The tensor type with the same bytes.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// 32-bit floating point.
    public static var dtype: DType { .float32 }
}

extension Double: TensorElement {
    /// 64-bit floating point.
    public static var dtype: DType { .float64 }
}

extension UInt8: TensorElement {
    /// 8-bit unsigned integers.
    public static var dtype: DType { .uint8 }
}

extension Int32: TensorElement {
    /// 32-bit signed integers.
    public static var dtype: DType { .int32 }
}

extension Int64: TensorElement {
    /// 64-bit signed integers.
    public static var dtype: DType { .int64 }
}

extension Bool: TensorElement {
    /// Truth values, a byte each.
    public static var dtype: DType { .bool }
}

import Basics

extension ElementType {
    /// The name that safetensors headers use.
    public var safetensorsCode: String {
        switch self {
        case .int64: "I64"
        case .float64: "F64"
        case .float32: "F32"
        case .int32: "I32"
        case .bfloat16: "BF16"
        case .float16: "F16"
        case .int16: "I16"
        case .int8: "I8"
        case .uint8: "U8"
        case .bool: "BOOL"
        }
    }

    /// Finds the type that a safetensors header means by a code.
    ///
    /// - Parameter safetensorsCode: a code such as `F32`.
    public init?(safetensorsCode: String) {
        let match = Self.allCases.first { $0.safetensorsCode == safetensorsCode }
        guard let match else { return nil }
        self = match
    }
}

import Basics

extension ElementType {
    /// The number that ONNX files use (`TensorProto.DataType`).
    var onnxCode: Int32 {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .bfloat16: 16
        }
    }

    /// Finds the type that an ONNX file means by a number.
    init?(onnxCode: Int32) {
        let match = Self.allCases.first { $0.onnxCode == onnxCode }
        guard let match else { return nil }
        self = match
    }
}

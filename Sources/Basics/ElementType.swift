/// The number format of a tensor's elements.
///
/// The cases stand in the order in which safetensors files lay their tensors out, so that the
/// widest come first and every tensor starts at a multiple of its element's size.
public enum ElementType: String, Sendable, CaseIterable {
    case int64
    case float64
    case float32
    case int32
    case bfloat16
    case float16
    case int16
    case int8
    case uint8
    case bool

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .int64, .float64: 8
        case .float32, .int32: 4
        case .bfloat16, .float16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether these are the numbers that weights have.
    public var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        case .int64, .int32, .int16, .int8, .uint8, .bool: false
        }
    }

    /// The most dimensions that PyTorch gives a tensor.
    package static let rankLimit = 64

    /// The bytes that a contiguous tensor of a shape occupies.
    ///
    /// - Parameter shape: the tensor's dimensions.
    /// - Returns: the size in bytes; `nil` where a dimension is negative, where there are more than
    ///   64, or where those other than zero overflow when multiplied, which PyTorch cannot address.
    public func byteCount(shape: [Int]) -> Int? {
        guard shape.count <= Self.rankLimit else { return nil }
        var product = byteCount
        for dimension in shape {
            guard dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
            guard !overflow else { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }
}

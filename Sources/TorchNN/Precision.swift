import Torch

/// The arithmetic of a training step.
public enum Precision: String, CaseIterable, Sendable {
    /// Everything in 32 bits: the reference.
    case float32

    /// Convolutions and matrix products in bfloat16, weights and losses in 32 bits.
    case bfloat16

    /// The type that an evaluation computes in.
    public var dtype: DType { self == .bfloat16 ? .bfloat16 : .float32 }

    /// The type for automatic mixed precision, nil for none.
    public var autocast: DType? { self == .bfloat16 ? .bfloat16 : nil }
}

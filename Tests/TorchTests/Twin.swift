import Torch
import TorchTestSupport

/// Two leaves with the same bfloat16 numbers: one as a kernel of our own takes it, one in float64.
struct Twin {
    let low: Tensor
    let exact: Tensor

    init(_ key: Int, _ shape: [Int], parameter: Bool = false, offset: Double = 0) {
        let rounded = (Tensor.hashed(key, shape: shape, dtype: .float32) + offset)
            .to(.bfloat16)
        let made = parameter ? rounded.to(.float32) : rounded
        low = shape.count == 4 && !parameter ? made.contiguous(.channelsLast) : made
        exact = rounded.to(.float64)
        low.requiresGrad = true
        exact.requiresGrad = true
    }
}

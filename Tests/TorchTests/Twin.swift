import Torch
import TorchTestSupport

/// Two leaves with the same numbers: one as a kernel of our own takes it, one in float64.
///
/// A parameter's are bfloat16 numbers in float32.
struct Twin {
    let low: Tensor
    let exact: Tensor

    init(
        _ key: Int, _ shape: [Int], _ dtype: DType = .bfloat16, parameter: Bool = false,
        offset: Double = 0
    ) {
        let rounded = (Tensor.hashed(key, shape: shape, dtype: .float32) + offset)
            .to(parameter ? .bfloat16 : dtype)
        let made = parameter ? rounded.to(.float32) : rounded
        low = shape.count == 4 && !parameter ? made.contiguous(.channelsLast) : made
        exact = rounded.to(.float64)
        low.requiresGrad = true
        exact.requiresGrad = true
    }
}

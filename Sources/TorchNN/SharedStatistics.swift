import Torch

/// The statistics of batches whose images lie with several processes, for the batch norms of a step.
///
/// The batch norms of all processes together then do what one does with all the images (SyncBatchNorm). Each
/// forward and each backward pass of a batch norm costs one reduction.
///
/// Reference: Ioffe and Szegedy, *Batch Normalization*, ICML 2015, section 3; the gradient is that of
/// PyTorch's `SyncBatchNorm`.
public final class SharedStatistics {
    let processes: any ProcessGroup

    /// Whether the images that this process sees now are of the batch; nil outside of steps, where each process is by
    /// itself.
    ///
    /// Where a batch has fewer images than there are processes, some see a stand-in that counts nothing.
    public var counts: Bool?

    /// Shares statistics with a group.
    public init(over processes: any ProcessGroup) { self.processes = processes }
}

extension Module {
    /// Lets every batch norm of the module share its statistics; their evaluation stays as it is.
    public func share(_ statistics: SharedStatistics) {
        for case let norm as BatchNorm2d in ModuleTree(self).modules { norm.shared = statistics }
    }
}

/// Batch norm in training mode over the images of all processes.
struct SharedBatchNorm {
    let weight: Tensor
    let bias: Tensor
    let runningMean: Tensor
    let runningVar: Tensor
    let numBatchesTracked: Tensor
    let momentum: Double
    let epsilon: Double

    /// Normalises `[N, C, H, W]`, and moves the running statistics.
    func callAsFunction(
        _ input: Tensor, over processes: any ProcessGroup, counts: Bool
    ) -> Tensor {
        customFunction(of: [input, weight, bias]) {
            let wide = input.detach().wide
            let moments = moments(of: wide, counts: counts, over: processes)
            track(moments)
            let inverse = ((moments.variance + epsilon).sqrt()).power(-1)
            let pass = Backward(
                input: input.detach(), weight: weight.detach(), mean: moments.mean,
                inverse: inverse, count: moments.count, counts: counts,
                processes: processes)
            let normal = pass.normal
            let output =
                normal * weight.detach().wide.perChannel + bias.detach().wide.perChannel
            return ([output.to(input.dtype)], pass.callAsFunction)
        }[0]
    }

    private struct Moments {
        /// `[C]`, float64.
        let mean: Tensor

        /// `[C]`, float64, the biased one.
        let variance: Tensor

        /// How many values a channel has, float64 `[1]`.
        let count: Tensor
    }

    /// Means and variances from those of each process, by the sums of the values and of their squares.
    private func moments(
        of input: Tensor, counts: Bool, over processes: any ProcessGroup
    ) -> Moments {
        let channels = input.size(1)
        let count = counts ? Double(input.count / channels) : 0
        let mean = input.mean([0, 2, 3]).to(.float64)
        let centred = input - mean.to(input.dtype).perChannel
        let variance = (centred * centred).mean([0, 2, 3]).to(.float64)
        let sums = Tensor.concatenate([
            mean * count, (variance + mean * mean) * count,
            Tensor.full([1], count, dtype: .float64, device: input.device),
        ])
        processes.reduce([sums], by: .sum)
        let total = sums.narrow(0, (2 * channels)..<(2 * channels + 1))
        let means = sums.narrow(0, 0..<channels) / total
        let squares = sums.narrow(0, channels..<(2 * channels)) / total
        return Moments(
            mean: means, variance: (squares - means * means).clamped(atLeast: 0), count: total)
    }

    /// One value per channel has no statistics, and then the running ones stay.
    private func track(_ moments: Moments) {
        let others = moments.count + -1
        let hasStatistics = others.isGreater(than: 0)
        let share = hasStatistics.to(.float64) * momentum
        _ = numBatchesTracked.add(hasStatistics.to(.int64).reshape([]))
        let unbiased = moments.variance * moments.count / others.clamped(atLeast: 1)
        for (running, newest) in [(runningMean, moments.mean), (runningVar, unbiased)] {
            let former = running.to(.float64)
            _ = running.copy(from: former + (newest - former) * share)
        }
    }

    /// What the backward pass keeps.
    ///
    /// LibTorch calls it on a thread of its own while the one that asked waits, so that its tensors and the group are
    /// used by one thread at a time.
    private struct Backward: @unchecked Sendable {
        let input: Tensor
        let weight: Tensor
        let mean: Tensor
        let inverse: Tensor
        let count: Tensor
        let counts: Bool
        let processes: any ProcessGroup

        /// The input with mean 0 and variance 1, `[N, C, H, W]`.
        var normal: Tensor {
            let wide = input.wide
            return (wide - mean.to(wide.dtype).perChannel) * inverse.to(wide.dtype).perChannel
        }

        @Sendable func callAsFunction(_ gradients: [Tensor?]) -> [Tensor?] {
            guard let gradient = gradients[0]?.wide else { return [nil, nil, nil] }
            let normal = normal
            let forBias = gradient.sum([0, 2, 3])
            let forWeight = (gradient * normal).sum([0, 2, 3])
            let channels = input.size(1)
            let sums = Tensor.concatenate([forBias.to(.float64), forWeight.to(.float64)])
            processes.reduce([sums], by: .sum)
            let means = (sums / count).to(gradient.dtype)
            let centred =
                gradient - means.narrow(0, 0..<channels).perChannel
                - normal * means.narrow(0, channels..<(2 * channels)).perChannel
            let factor = (inverse.to(gradient.dtype) * weight.wide).perChannel
            let forInput =
                counts ? centred * factor : Tensor.zeros(input.shape, device: input.device)
            return [
                forInput.to(input.dtype), forWeight.to(weight.dtype), forBias.to(weight.dtype),
            ]
        }
    }
}

extension Tensor {
    /// In float32, or in float64 where it is already.
    fileprivate var wide: Tensor { dtype == .float64 ? self : to(.float32) }

    /// `[C]` as `[1, C, 1, 1]`.
    fileprivate var perChannel: Tensor { reshape([1, -1, 1, 1]) }
}

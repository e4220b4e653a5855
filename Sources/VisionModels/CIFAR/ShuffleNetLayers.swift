import Torch
import TorchNN

extension Tensor {
    /// Interleaves the channels of `groups` parts, `[N, C, H, W]` to the same, channels last.
    ///
    /// Reference: Zhang et al., *ShuffleNet*, CVPR 2018, section 3.1.
    func shuffledChannels(groups: Int) -> Tensor {
        guard groups > 1 else { return self }
        let (count, channels, height, width) = (size(0), size(1), size(2), size(3))
        return permute([0, 2, 3, 1])
            .reshape([count, height, width, groups, channels / groups])
            .permute([0, 1, 2, 4, 3])
            .reshape([count, height, width, channels])
            .permute([0, 3, 1, 2])
    }
}

extension Conv2d {
    /// A 1×1 convolution without bias.
    static func pointwise(
        _ inChannels: Int, _ outChannels: Int, groups: Int = 1, generator: Generator
    ) -> Conv2d {
        Conv2d(
            inChannels, outChannels, kernelSize: 1, groups: groups, bias: false,
            generator: generator)
    }

    /// A 3×3 convolution of each channel by itself, without bias.
    static func depthwise(_ channels: Int, stride: Int, generator: Generator) -> Conv2d {
        Conv2d(
            channels, channels, kernelSize: 3, stride: stride, padding: 1, groups: channels,
            bias: false, generator: generator)
    }
}

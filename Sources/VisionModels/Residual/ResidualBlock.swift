import Torch
import TorchNN

/// Two 3×3 convolutions, or a 3×3 between two 1×1, beside a shortcut.
package final class ResidualBlock: OpenBlock {
    /// How the blocks of one network differ from those of another.
    package struct Form: Sendable {
        /// What published state dicts call the norm behind a convolution, by the convolution's number.
        let normKey: @Sendable (Int) -> String

        /// What they call the shortcut's convolution and norm.
        let shortcutKeys: (convolution: String, norm: String)

        /// Whether the stride of a bottleneck block is in its first 1×1 convolution, else in its 3×3.
        let hasStrideInFirst: Bool

        /// Makes a norm for a number of channels.
        let makeNorm: @Sendable (Int) -> any ChannelNorm

        /// Describes blocks.
        package init(
            normKey: @escaping @Sendable (Int) -> String,
            shortcutKeys: (convolution: String, norm: String), hasStrideInFirst: Bool = false,
            makeNorm: @escaping @Sendable (Int) -> any ChannelNorm = { BatchNorm2d($0) }
        ) {
            self.normKey = normKey
            self.shortcutKeys = shortcutKeys
            self.hasStrideInFirst = hasStrideInFirst
            self.makeNorm = makeNorm
        }

        /// The blocks of networks that classify, in torchvision's and the distillation literature's code.
        static func classification(shortcutKey: String) -> Form {
            Form(
                normKey: { "bn\($0)" }, shortcutKeys: ("\(shortcutKey).0", "\(shortcutKey).1"))
        }
    }

    let conv1: Conv2d
    let bn1: any ChannelNorm
    let conv2: Conv2d
    let bn2: any ChannelNorm
    let conv3: Conv2d?
    let bn3: (any ChannelNorm)?
    let shortcut: Conv2d?
    let shortcutNorm: (any ChannelNorm)?

    /// The keys of the form's published state dicts.
    package let stateDictKeys: [String: String]

    /// Makes a block with PyTorch's default weights.
    ///
    /// - Parameters:
    ///   - inChannels: of the input.
    ///   - channels: of the inner convolutions.
    ///   - stride: of the block.
    ///   - bottleneck: whether it is 1×1, 3×3, 1×1, four times as wide; else two 3×3.
    ///   - form: the network's.
    ///   - generator: the source of the initial weights.
    package init(
        _ inChannels: Int, _ channels: Int, stride: Int, bottleneck: Bool = false, form: Form,
        generator: Generator
    ) {
        func convolution(_ from: Int, _ to: Int, kernelSize: Int, stride: Int = 1) -> Conv2d {
            Conv2d(
                from, to, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2,
                bias: false, generator: generator)
        }
        let outChannels = bottleneck ? 4 * channels : channels
        let isFirst = !bottleneck || form.hasStrideInFirst
        conv1 = convolution(
            inChannels, channels, kernelSize: bottleneck ? 1 : 3, stride: isFirst ? stride : 1)
        bn1 = form.makeNorm(channels)
        conv2 = convolution(channels, channels, kernelSize: 3, stride: isFirst ? 1 : stride)
        bn2 = form.makeNorm(channels)
        conv3 = bottleneck ? convolution(channels, outChannels, kernelSize: 1) : nil
        bn3 = bottleneck ? form.makeNorm(outChannels) : nil
        let isPlain = stride == 1 && inChannels == outChannels
        shortcut =
            isPlain ? nil : convolution(inChannels, outChannels, kernelSize: 1, stride: stride)
        shortcutNorm = isPlain ? nil : form.makeNorm(outChannels)
        stateDictKeys = [
            "bn1": form.normKey(1), "bn2": form.normKey(2), "bn3": form.normKey(3),
            "shortcut": form.shortcutKeys.convolution, "shortcutNorm": form.shortcutKeys.norm,
        ]
    }

    /// The norm before the sum.
    var lastNorm: any ChannelNorm { bn3 ?? bn2 }

    /// The sum, before or after its activation.
    package func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let carried = shortcut.map { execution.convolve(input, $0, shortcutNorm) } ?? input
        let first = execution.convolve(input, conv1, bn1, relu: true)
        guard let conv3 else {
            return execution.convolve(first, conv2, bn2, adding: carried, relu: relu)
        }
        let second = execution.convolve(first, conv2, bn2, relu: true)
        return execution.convolve(second, conv3, bn3, adding: carried, relu: relu)
    }
}

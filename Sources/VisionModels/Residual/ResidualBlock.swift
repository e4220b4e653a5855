import Torch
import TorchNN

/// Two 3×3 convolutions, or a 3×3 between two 1×1, beside a shortcut.
///
/// The stride of a bottleneck block is in its 3×3 convolution.
final class ResidualBlock: OpenBlock {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d?
    let bn3: BatchNorm2d?
    let shortcut: [any Layer]

    let stateDictKeys: [String: String]

    /// Makes a block with PyTorch's default weights.
    ///
    /// - Parameters:
    ///   - inChannels: of the input.
    ///   - channels: of the inner convolutions.
    ///   - stride: of the block.
    ///   - bottleneck: whether it is 1×1, 3×3, 1×1, four times as wide; else two 3×3.
    ///   - shortcutKey: what published state dicts call the shortcut.
    ///   - generator: the source of the initial weights.
    init(
        _ inChannels: Int, _ channels: Int, stride: Int, bottleneck: Bool = false,
        shortcutKey: String, generator: Generator
    ) {
        func convolution(_ from: Int, _ to: Int, kernelSize: Int, stride: Int = 1) -> Conv2d {
            Conv2d(
                from, to, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2,
                bias: false, generator: generator)
        }
        let outChannels = bottleneck ? 4 * channels : channels
        conv1 =
            bottleneck
            ? convolution(inChannels, channels, kernelSize: 1)
            : convolution(inChannels, channels, kernelSize: 3, stride: stride)
        bn1 = BatchNorm2d(channels)
        conv2 = convolution(channels, channels, kernelSize: 3, stride: bottleneck ? stride : 1)
        bn2 = BatchNorm2d(channels)
        conv3 = bottleneck ? convolution(channels, outChannels, kernelSize: 1) : nil
        bn3 = bottleneck ? BatchNorm2d(outChannels) : nil
        shortcut =
            stride == 1 && inChannels == outChannels
            ? []
            : [
                convolution(inChannels, outChannels, kernelSize: 1, stride: stride),
                BatchNorm2d(outChannels),
            ]
        stateDictKeys = ["shortcut": shortcutKey]
    }

    /// The batch norm before the sum.
    var lastNorm: BatchNorm2d { bn3 ?? bn2 }

    /// The sum, before or after its activation.
    func callAsFunction(
        _ input: Tensor, relu: Bool, _ execution: any LayerExecution
    ) -> Tensor {
        let carried = convolutionUnits(of: shortcut).reduce(input) {
            execution.convolve($0, $1.convolution, $1.norm)
        }
        let first = execution.convolve(input, conv1, bn1, relu: true)
        guard let conv3 else {
            return execution.convolve(first, conv2, bn2, adding: carried, relu: relu)
        }
        let second = execution.convolve(first, conv2, bn2, relu: true)
        return execution.convolve(second, conv3, bn3, adding: carried, relu: relu)
    }
}

import Torch
import TorchNN
import VisionModels

/// Carries out layers by plain operators, one an operation, so that a record of the operators is the network.
///
/// Batch norms use their running statistics, whatever mode they are in.
final class TracedLayers: LayerExecution {
    let keepsPreactivations = false

    /// Whether a convolution and the norm behind it are one convolution.
    let folds: Bool

    private let fold: NormFolding

    /// Runs the layers of a network.
    ///
    /// - Parameters:
    ///   - folds: whether batch norms behind convolutions become part of them.
    ///   - fold: how, and under which names.
    init(folds: Bool, fold: NormFolding) {
        self.folds = folds
        self.fold = fold
    }

    func prepare(_ images: Tensor) -> Tensor { images }

    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        var output: Tensor
        if folds, let norm {
            let folded = fold(convolution, norm)
            output = input.convolved(convolution, folded.weight, folded.bias)
        } else {
            output = input.convolved(convolution, convolution.weight, convolution.bias)
            if let norm { output = output.normalized(by: norm) }
        }
        if let addend { output = output + addend }
        return relu ? output.relu() : output
    }

    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor {
        let output = input.normalized(by: norm)
        return relu ? output.relu() : output
    }

    func enlarge(_ input: Tensor, _ layer: ConvTranspose2d, relu: Bool) -> Tensor {
        let output = input.convTranspose2d(
            weight: layer.weight, bias: layer.bias, stride: layer.stride, padding: layer.padding)
        return relu ? output.relu() : output
    }

    func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        input.linear(weight: layer.weight, bias: layer.bias)
    }

    /// The shuffle in the order of the dimensions that ONNX has, in three steps.
    func shuffle(_ input: Tensor, groups: Int) -> Tensor {
        guard groups > 1 else { return input }
        let (count, channels, height, width) =
            (input.size(0), input.size(1), input.size(2), input.size(3))
        return input.reshape([count, groups, channels / groups, height, width])
            .permute([0, 2, 1, 3, 4])
            .reshape([count, channels, height, width])
    }
}

extension Tensor {
    fileprivate func convolved(
        _ layer: Conv2d, _ weight: Tensor, _ bias: Tensor?
    ) -> Tensor {
        conv2d(
            weight: weight, bias: bias, stride: layer.stride, padding: layer.padding,
            groups: layer.groups)
    }

    fileprivate func normalized(by norm: any ChannelNorm) -> Tensor {
        batchNorm(
            weight: norm.weight, bias: norm.bias, runningMean: norm.runningMean,
            runningVar: norm.runningVar, training: false, momentum: 0, epsilon: norm.epsilon)
    }
}

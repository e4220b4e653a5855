import Torch
import TorchNN
import VisionModels

/// Four 3×3 convolutions with ReLU, a transposed convolution that doubles the size, and a mask for each class.
///
/// Reference: He et al., *Mask R-CNN*, ICCV 2017, figure 4, right; detectron2,
/// `modeling/roi_heads/mask_head.py`.
final class MaskHead: Module {
    let maskFcn1: Conv2d
    let maskFcn2: Conv2d
    let maskFcn3: Conv2d
    let maskFcn4: Conv2d
    let deconv: ConvTranspose2d
    let predictor: Conv2d

    init(_ channels: Int, classCount: Int, generator: Generator) {
        func convolution() -> Conv2d {
            Conv2d(channels, channels, kernelSize: 3, padding: 1, generator: generator)
        }
        maskFcn1 = convolution()
        maskFcn2 = convolution()
        maskFcn3 = convolution()
        maskFcn4 = convolution()
        deconv = ConvTranspose2d(
            channels, channels, kernelSize: 2, stride: 2, generator: generator)
        predictor = Conv2d(channels, classCount, kernelSize: 1, generator: generator)
        withoutGrad {
            for weight in convolutions.map(\.weight) + [deconv.weight] {
                weight.fillKaimingNormal(fan: .output, generator: generator)
            }
            for bias in convolutions.compactMap(\.bias) + [deconv.bias] { bias.fillZero() }
        }
        predictor.fillNormal(deviation: 0.001, generator: generator)
    }

    private var convolutions: [Conv2d] { [maskFcn1, maskFcn2, maskFcn3, maskFcn4] }

    /// `[R, C, size, size]` to logits `[R, classes, 2 · size, 2 · size]`.
    func callAsFunction(_ pooled: Tensor, by execution: any LayerExecution) -> Tensor {
        let hidden = convolutions.reduce(pooled) { execution.convolve($0, $1, nil, relu: true) }
        return execution.convolve(execution.enlarge(hidden, deconv, relu: true), predictor)
            .forLoss
    }
}

import Torch
import TorchNN

extension Backbone {
    /// How many multiplications with an addition the convolutions and the classifier need for one image.
    ///
    /// Nothing of the network changes.
    ///
    /// - Parameter imageSize: height and width of the image.
    /// - Returns: the count; batch norms, activations and pooling are left out, as is usual.
    public func multiplyAccumulates(imageSize: Int) -> Int {
        countedPass(imageSize: imageSize, device: device).count
    }

    /// The count, and the pyramid of one blank image without batch norms.
    ///
    /// - Parameters:
    ///   - imageSize: height and width of the image.
    ///   - device: where the network lives.
    /// - Returns: both.
    func countedPass(imageSize: Int, device: Device) -> (count: Int, pyramid: FeaturePyramid) {
        let counter = CountingLayers()
        let pyramid = withoutGrad {
            let blank = Tensor.zeros([1, 3, imageSize, imageSize], device: device)
            return features(blank, by: counter)
        }
        return (counter.count, pyramid)
    }
}

/// Runs convolutions and classifiers alone, and counts.
private final class CountingLayers: LayerExecution {
    let keepsPreactivations = false
    private(set) var count = 0

    func prepare(_ images: Tensor) -> Tensor { images }

    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        let output = convolution(input)
        count += output.count * convolution.weight.count / convolution.weight.size(0)
        return output
    }

    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor { input }

    func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        count += layer.weight.count
        return layer(input)
    }
}

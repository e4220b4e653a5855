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

    /// The convolutions that one image meets, in their order.
    ///
    /// Nothing of the network changes.
    ///
    /// - Parameter imageSize: height and width of the image.
    /// - Returns: them; one that is applied twice is there twice.
    public func convolutions(imageSize: Int) -> [AppliedConvolution] {
        countedPass(imageSize: imageSize, device: device).convolutions
    }

    /// The count, the convolutions, and the pyramid of one blank image without batch norms.
    ///
    /// - Parameters:
    ///   - imageSize: height and width of the image.
    ///   - device: where the network lives.
    /// - Returns: all three.
    func countedPass(
        imageSize: Int, device: Device
    ) -> (count: Int, convolutions: [AppliedConvolution], pyramid: FeaturePyramid) {
        let counter = CountingLayers()
        let pyramid = withoutGrad {
            let blank = Tensor.zeros([1, 3, imageSize, imageSize], device: device)
            return features(blank, by: counter)
        }
        return (counter.count, counter.convolutions, pyramid)
    }
}

/// A convolution and the map that it is applied to.
public struct AppliedConvolution: Sendable, Hashable {
    /// Channels of the input.
    public let inChannels: Int

    /// Channels of the output.
    public let outChannels: Int

    /// Height of the input in pixels.
    public let height: Int

    /// Width of the input in pixels.
    public let width: Int

    /// Height and width of the kernel in pixels.
    public let kernelSize: Int

    /// The step between windows, in pixels.
    public let stride: Int

    /// Zeros on each side, in pixels.
    public let padding: Int

    /// Into how many parts the channels fall.
    public let groups: Int

    /// Reads a layer and the shape `[N, C, H, W]` of its input.
    init(_ layer: Conv2d, inputShape shape: [Int]) {
        inChannels = shape[1]
        outChannels = layer.weight.size(0)
        height = shape[2]
        width = shape[3]
        kernelSize = layer.weight.size(2)
        stride = layer.stride
        padding = layer.padding
        groups = layer.groups
    }
}

/// Runs convolutions and classifiers alone, and counts.
private final class CountingLayers: LayerExecution {
    let keepsPreactivations = false
    private(set) var count = 0
    private(set) var convolutions: [AppliedConvolution] = []

    func prepare(_ images: Tensor) -> Tensor { images }

    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        let output = convolution(input)
        count += output.count * convolution.weight.count / convolution.weight.size(0)
        convolutions.append(AppliedConvolution(convolution, inputShape: input.shape))
        return output
    }

    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor { input }

    func classify(_ input: Tensor, _ layer: Linear) -> Tensor {
        count += layer.weight.count
        return layer(input)
    }
}

import Torch
import TorchNN

/// How a student feature meets the fused feature of the deeper stage.
public enum FusionKind: String, CaseIterable, Sendable {
    /// Two learned attention maps weigh the two features (ABF).
    case abf

    /// The two features are added.
    case plain

    /// A 1×1 convolution mixes the channels of both.
    case concat
}

/// The attention-based fusion (ABF) block of ReviewKD.
///
/// Projects a student feature to a shared width, fuses it with the deeper stage's fused feature
/// through two learned attention maps, and projects the result to the teacher's width. There is no
/// activation: the output is compared with features before theirs.
///
/// Shapes, with `m` the shared width and `(h', w')` the teacher's size:
/// - input `[N, inChannels, h, w]`, `deeper` `[N, m, *, *]`
/// - output `[N, outChannels, h', w']`, `fused` `[N, m, h', w']`
///
/// Reference: Chen et al., *Distilling Knowledge via Knowledge Review*, CVPR 2021, section 3.3,
/// <https://arxiv.org/abs/2104.09044>.
public final class AttentionBasedFusion: Module {
    let conv1: [any Layer]
    let conv2: [any Layer]
    let attConv: [Conv2d]
    let concatConv: [Conv2d]

    /// Makes a block with the authors' initial weights.
    ///
    /// - Parameters:
    ///   - inChannels: the student feature's width.
    ///   - midChannels: the shared width.
    ///   - outChannels: the teacher feature's width.
    ///   - fusion: how a deeper feature is met; `plain` where there is none.
    ///   - generator: the source of the initial weights.
    public init(
        inChannels: Int, midChannels: Int, outChannels: Int, fusion: FusionKind,
        generator: Generator
    ) {
        let project = Conv2d(
            inChannels, midChannels, kernelSize: 1, bias: false, generator: generator)
        let expand = Conv2d(
            midChannels, outChannels, kernelSize: 3, padding: 1, bias: false, generator: generator)
        withoutGrad {
            for convolution in [project, expand] {
                _ = convolution.weight.fillKaimingUniform(slope: 1, generator: generator)
            }
        }
        conv1 = [project, BatchNorm2d(midChannels)]
        conv2 = [expand, BatchNorm2d(outChannels)]
        func mixing(into width: Int) -> [Conv2d] {
            [Conv2d(2 * midChannels, width, kernelSize: 1, generator: generator)]
        }
        attConv = fusion == .abf ? mixing(into: 2) : []
        concatConv = fusion == .concat ? mixing(into: midChannels) : []
    }

    /// The forward pass.
    ///
    /// - Parameters:
    ///   - feature: the student's feature `[N, inChannels, h, w]`.
    ///   - deeper: the deeper stage's fused feature `[N, m, *, *]`; nil for the deepest.
    ///   - size: the teacher's.
    /// - Returns: the output for the teacher, and the fused feature for the next shallower stage.
    public func callAsFunction(
        _ feature: Tensor, deeper: Tensor?, size: (height: Int, width: Int)
    ) -> (output: Tensor, fused: Tensor) {
        var fused = conv1.reduce(feature) { $1($0) }
        if let deeper {
            fused = fuse(fused, deeper)
        }
        fused = fused.resizedNearest(height: size.height, width: size.width)
        return (conv2.reduce(fused) { $1($0) }, fused)
    }

    /// `x · z₀ + y · z₁` with `z = sigmoid(W [x; y] + b)`, or `W [x; y] + b` itself, or `x + y`.
    private func fuse(_ feature: Tensor, _ deeper: Tensor) -> Tensor {
        if let attention = attConv.first, let bias = attention.bias,
            let fused = fusedAttentionFusion(
                feature, deeper, weight: attention.weight, bias: bias)
        {
            return fused
        }
        let height = feature.size(2)
        let width = feature.size(3)
        if let mixing = concatConv.first { return mix(feature, deeper, by: mixing) }
        let enlarged = deeper.resizedNearest(height: height, width: width)
        guard let maps = attentionMaps(feature, deeper) else { return feature + enlarged }
        return feature * maps.narrow(1, 0..<1) + enlarged * maps.narrow(1, 1..<2)  // [N, m, h, w]
    }

    /// The weights of the two features at each pixel, `[N, 2, h, w]` in 0…1; nil where the block has none.
    private func attentionMaps(_ feature: Tensor, _ deeper: Tensor) -> Tensor? {
        attConv.first.map { mix(feature, deeper, by: $0).sigmoid() }
    }

    /// The attention maps for a student's feature.
    ///
    /// - Parameters:
    ///   - feature: the student's feature `[N, inChannels, h, w]`.
    ///   - deeper: the deeper stage's fused feature `[N, m, *, *]`; nil for the deepest.
    /// - Returns: the weights of the feature itself and of the deeper one, `[N, 2, h, w]` in 0…1; nil where
    ///   the block does not weigh.
    func attentionMaps(of feature: Tensor, deeper: Tensor?) -> Tensor? {
        deeper.flatMap { deeper in
            attentionMaps(conv1.reduce(feature) { $1($0) }, deeper)
        }
    }

    /// `W [x; y] + b`, with the 1×1 convolution over the two maps split in two, so that nothing is
    /// concatenated; that of the deeper map comes before its enlargement, with which it commutes.
    private func mix(_ feature: Tensor, _ deeper: Tensor, by convolution: Conv2d) -> Tensor {
        let mid = feature.size(1)
        let own = feature.conv2d(
            weight: convolution.weight.narrow(1, 0..<mid), bias: convolution.bias)
        let other = deeper.conv2d(weight: convolution.weight.narrow(1, mid..<(2 * mid)))
        return own + other.resizedNearest(height: feature.size(2), width: feature.size(3))
    }
}

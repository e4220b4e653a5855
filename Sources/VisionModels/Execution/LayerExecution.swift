import Torch
import TorchNN

/// How the layers of a network are carried out.
///
/// A backbone's forward pass is written once, in these terms; the layers are then run as they stand,
/// which learns (`LayersAsTheyStand`), or frozen, with batch norms folded into the convolutions
/// (`FoldedLayers`).
public protocol LayerExecution: AnyObject {
    /// Whether the pyramid is to have the stages before their last activation; without them that
    /// activation can be one pass with what comes before it.
    var keepsPreactivations: Bool { get }

    /// The images `[N, 3, H, W]` in the type and layout that the layers take.
    func prepare(_ images: Tensor) -> Tensor

    /// Convolution, batch norm, addition and ReLU.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - convolution: always with the same `norm`.
    ///   - norm: the norm behind it, where there is one.
    ///   - addend: added before ReLU, `[N, O, H', W']`.
    ///   - relu: whether ReLU comes last.
    /// - Returns: `[N, O, H', W']`.
    func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor

    /// A batch norm that stands by itself, and ReLU.
    func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor

    /// A transposed convolution, and ReLU; by default as the layer stands.
    func enlarge(_ input: Tensor, _ layer: ConvTranspose2d, relu: Bool) -> Tensor

    /// A classifier's logits for rows `[N, features]`.
    func classify(_ input: Tensor, _ layer: Linear) -> Tensor

    /// Interleaves the channels of `groups` parts, `[N, C, H, W]` to the same; by default in memory that has
    /// channels last.
    ///
    /// Reference: Zhang et al., *ShuffleNet*, CVPR 2018, section 3.1.
    func shuffle(_ input: Tensor, groups: Int) -> Tensor
}

extension LayerExecution {
    /// A transposed convolution, and ReLU, by the layer as it stands.
    public func enlarge(_ input: Tensor, _ layer: ConvTranspose2d, relu: Bool) -> Tensor {
        relu ? layer(input).relu() : layer(input)
    }

    /// The channels interleaved in memory that has channels last.
    public func shuffle(_ input: Tensor, groups: Int) -> Tensor {
        input.shuffledChannels(groups: groups)
    }

    /// Convolution, batch norm and addition, without an activation.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - convolution: always with the same `norm`.
    ///   - norm: the norm behind it, where there is one.
    ///   - addend: added at the end, `[N, O, H', W']`.
    /// - Returns: `[N, O, H', W']`.
    public func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)? = nil,
        adding addend: Tensor? = nil
    ) -> Tensor {
        convolve(input, convolution, norm, adding: addend, relu: false)
    }

    /// Convolution, batch norm and ReLU.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - convolution: always with the same `norm`.
    ///   - norm: the norm behind it, where there is one.
    ///   - relu: whether ReLU comes last.
    /// - Returns: `[N, O, H', W']`.
    public func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, relu: Bool
    ) -> Tensor {
        convolve(input, convolution, norm, adding: nil, relu: relu)
    }

    /// Convolution, norm, and ReLU that ends at a ceiling.
    ///
    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - convolution: always with the same `norm`.
    ///   - norm: the norm behind it, where there is one.
    ///   - ceiling: the largest output, as 6 for ReLU6; nil for none.
    /// - Returns: `[N, O, H', W']`.
    package func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?,
        reluUpTo ceiling: Double?
    ) -> Tensor {
        let output = convolve(input, convolution, norm, relu: true)
        return ceiling.map { output.clamped(atMost: $0) } ?? output
    }

    /// The end of a stage, and the same before its last activation where that is kept.
    ///
    /// - Parameter make: the last step, with ReLU or without.
    /// - Returns: both.
    public func finish(_ make: (_ relu: Bool) -> Tensor) -> StageEnd {
        guard keepsPreactivations else { return StageEnd(output: make(true), preactivation: nil) }
        let open = make(false)
        return StageEnd(output: open.relu(), preactivation: open)
    }

    /// The logits for pooled features `[N, C, 1, 1]`.
    public func classify(pooled: Tensor, _ layer: Linear) -> Tensor {
        classify(pooled.flatten(from: 1), layer)
    }
}

/// What `LayerExecution.finish` gives.
public struct StageEnd {
    /// The stage's output, after its last activation.
    public let output: Tensor

    /// The same before that activation, where it is kept.
    public let preactivation: Tensor?
}

/// The layers as they are: in training mode with the batch's statistics and with gradients.
package final class LayersAsTheyStand: LayerExecution {
    package let keepsPreactivations: Bool

    /// Runs layers that may learn.
    package init(keepsPreactivations: Bool = true) {
        self.keepsPreactivations = keepsPreactivations
    }

    package func prepare(_ images: Tensor) -> Tensor { images }

    package func convolve(
        _ input: Tensor, _ convolution: Conv2d, _ norm: (any ChannelNorm)?, adding addend: Tensor?,
        relu: Bool
    ) -> Tensor {
        if let frozen = norm as? FrozenBatchNorm2d {
            let (scale, shift) = frozen.affine
            return convolution(input, scale: scale, shift: shift, adding: addend, relu: relu)
        }
        guard let norm else { return convolution(input, adding: addend, relu: relu) }
        return norm(convolution(input), adding: addend, relu: relu)
    }

    package func normalize(_ input: Tensor, _ norm: BatchNorm2d, relu: Bool) -> Tensor {
        norm(input, relu: relu)
    }

    package func classify(_ input: Tensor, _ layer: Linear) -> Tensor { layer(input) }
}

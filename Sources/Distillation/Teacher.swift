import Torch
import TorchNN
import VisionModels

/// A trained network that is only ever asked.
public final class Teacher {
    /// What the teacher's batch norms normalise with.
    public enum BatchNormMode: String, CaseIterable, Sendable {
        /// Their running statistics, which stay as they are.
        case frozen

        /// The batch's own statistics, while the running ones move on: what the authors' CIFAR
        /// script does, which never switches the teacher to evaluation.
        case batch
    }

    /// A change of normalisation: channel `c` of an image becomes `scale[c] · x + shift[c]`.
    public struct Renormalization: Sendable {
        let scale: [Double]
        let shift: [Double]

        /// The change from images normalised one way to another.
        ///
        /// - Parameters:
        ///   - mean: per channel, of the images that will be given.
        ///   - deviation: per channel, of the images that will be given.
        ///   - teacherMean: per channel, of the images that the teacher was trained on.
        ///   - teacherDeviation: per channel, of the images that the teacher was trained on.
        public init(
            mean: [Double], deviation: [Double], teacherMean: [Double], teacherDeviation: [Double]
        ) {
            scale = zip(deviation, teacherDeviation).map { $0 / $1 }
            shift = zip(zip(mean, teacherMean), teacherDeviation).map { ($0.0 - $0.1) / $1 }
        }
    }

    /// The network; its levels describe the targets.
    public let network: any PyramidNetwork

    /// The network, where it is one that classifies.
    public var classifier: (any Backbone)? { network as? any Backbone }

    private let mode: BatchNormMode
    private let precision: Precision
    private let extractor: any FeatureExtractor
    private let affine: (scale: Tensor, shift: Tensor)?
    private let remembers: Bool
    private var last: (images: Tensor, pyramid: FeaturePyramid)?

    /// Freezes a network as a teacher.
    ///
    /// - Parameters:
    ///   - network: with its trained weights, on its device.
    ///   - mode: of its batch norms.
    ///   - precision: of its forward pass; with frozen batch norms bfloat16 runs them folded.
    ///   - renormalization: where it expects its images normalised in another way.
    ///   - remembers: whether the last batch's pyramid is kept, for several students that see the same
    ///     batches one after another on the CPU. Of no effect with batch norms in `batch` mode.
    public init(
        _ network: any PyramidNetwork, mode: BatchNormMode = .frozen,
        precision: Precision = .float32,
        renormalization: Renormalization? = nil, remembers: Bool = false
    ) {
        self.remembers = remembers && mode == .frozen
        self.network = network
        self.mode = mode
        self.precision = precision
        network.setRequiresGrad(false)
        switch mode {
        case .frozen: network.eval()
        case .batch: network.train()
        }
        let folds = mode == .frozen && precision == .bfloat16
        extractor = folds ? network.folded(dtype: .bfloat16) : network
        affine = renormalization.map { change in
            func channels(_ values: [Double]) -> Tensor {
                Tensor(values.map(Float.init), shape: [1, values.count, 1, 1]).to(network.device)
            }
            return (channels(change.scale), channels(change.shift))
        }
    }

    /// The teacher's pyramid for normalised images, without gradients.
    ///
    /// - Parameters:
    ///   - images: the images.
    ///   - keepsPreactivations: whether the stages before their last activation are wanted too.
    /// - Returns: the pyramid.
    public func callAsFunction(
        _ images: Tensor, keepsPreactivations: Bool = true
    ) -> FeaturePyramid {
        withoutGrad {
            if let last, last.images.shape == images.shape,
                last.images.isEqual(to: images).all().item() == 1
            {
                return last.pyramid
            }
            let pyramid = features(images, remembers || keepsPreactivations)
            last = remembers && pyramid.isWhole ? (images, pyramid) : nil
            return pyramid
        }
    }

    /// Asks the network something else than its pyramid, as it computes that, without gradients.
    ///
    /// - Parameter body: takes the network, or its folded copy.
    /// - Returns: what `body` returns.
    public func asking<Result>(_ body: (any FeatureExtractor) -> Result) -> Result {
        withoutGrad { withAutocast(precision.autocast, on: network.device) { body(extractor) } }
    }

    private func features(_ images: Tensor, _ keepsPreactivations: Bool) -> FeaturePyramid {
        let own = affine.map { images * $0.scale + $0.shift } ?? images
        return withAutocast(precision.autocast, on: images.device) {
            extractor.features(own, keepsPreactivations: keepsPreactivations)
        }
    }

    /// What of the teacher changes in a run: the running statistics, with batch norms in `batch`
    /// mode.
    public func stateDict() -> [NamedTensor] {
        guard mode == .batch else { return [] }
        let trained = Set(network.parameters().map(\.name))
        return network.stateDict().filter { !trained.contains($0.name) }
    }
}

extension FeaturePyramid {
    /// Whether memory sufficed for every tensor; where it did not they are empty.
    fileprivate var isWhole: Bool {
        (levels + preactivations + [logits].compactMap { $0 }).allSatisfy { $0.count > 0 }
    }
}

import Basics
import Detectors
import TensorFiles
import Torch
import TorchNN
import VisionModels

/// Reads a file of weights into a new detector.
///
/// - Parameters:
///   - architecture: the detector.
///   - path: detectron2's `.pkl`, safetensors, or a PyTorch checkpoint in any of its forms.
///   - key: where in the file they are.
///   - settings: of the detector; where the stride of bottleneck blocks is follows from the file.
///   - assumed: how the file's network takes pictures, whatever it says itself.
///   - format: how pictures will be given; the file's own where it is left out.
///   - requiresHeads: whether a file with a bottom-up network alone is refused.
///   - generator: the source of the weights that the file does not have.
///   - remark: called with what a user should know about what was taken, and how pictures are taken.
/// - Returns: the detector in training mode, and how it takes pictures.
/// - Throws: `WeightFileError`, `StateDictError`, `OwnRunError` or `DetectorFileError`.
public func loadDetector(
    _ architecture: DetectorArchitecture, weights path: String, key: WeightsKey = WeightsKey(),
    settings: DetectorSettings = DetectorSettings(), assuming assumed: PixelFormat? = nil,
    takingPicturesAs format: PixelFormat? = nil, requiresHeads: Bool = true, generator: Generator,
    remark: (WeightsRemark) -> Void = { _ in }
) throws -> (detector: any Detector, format: PixelFormat) {
    let weights = try DetectorWeights(path: path, key: key, for: architecture)
    guard weights.isWhole || !requiresHeads else {
        throw DetectorFileError.bottomUpAlone(path: path, detector: architecture.name)
    }
    var settings = settings
    settings.strideIn1x1 = weights.strideIn1x1
    let detector = architecture.make(settings: settings, generator: generator)
    try weights.load(into: detector, architecture, remark: remark)
    let own = assumed ?? weights.format
    guard let format, format != own else { return (detector, own) }
    guard detector.takePictures(as: format, insteadOf: own) else {
        throw DetectorFileError.otherMean(
            path: path, expected: format.description, found: own.description)
    }
    remark(
        WeightsRemark(path: path, "its first convolution was turned to take them as \(format)"))
    return (detector, format)
}

/// A file of weights that reads well and cannot be used as a detector.
public enum DetectorFileError: Error, Equatable, CustomStringConvertible {
    case bottomUpAlone(path: String, detector: String)
    case otherMean(path: String, expected: String, found: String)

    /// What the file is, what was expected, and what to do.
    public var description: String {
        switch self {
        case .bottomUpAlone(let path, let detector):
            "\(path) has the weights of a bottom-up network alone. Expected all of \(detector), heads "
                + "included. Train a detector from them, and take its file."
        case .otherMean(let path, let expected, let found):
            "\(path) is of a network that takes pictures as \(found). Expected \(expected), or a format with "
                + "the same means, since a picture is padded with them. Use another file."
        }
    }
}

extension Detector {
    /// Turns the first convolution, so that the network takes pictures of another format and computes the same.
    ///
    /// The channels change their order, and their deviations become part of the weights. Padding, which is 0 after
    /// normalisation, keeps its colour only if the means are the same.
    ///
    /// - Parameters:
    ///   - new: how pictures will be given.
    ///   - old: how the network takes them now.
    /// - Returns: whether it could be done; with other means nothing is changed.
    public func takePictures(as new: PixelFormat, insteadOf old: PixelFormat) -> Bool {
        let (from, to) = (old.inRGB, new.inRGB)
        guard zip(from.mean, to.mean).allSatisfy({ abs($0 - $1) < 1e-6 * max(abs($0), 1) })
        else { return false }
        let names = ["stem.conv1.weight", "features.0.0.weight"].map {
            "backbone.bottom_up.\($0)"
        }
        guard let first = stateDict().first(where: { names.contains($0.name) })?.tensor
        else { return false }
        let factors = zip(from.deviation, to.deviation).map { $1 / $0 }
        withoutGrad {
            var weight = first.detach()
            let order = Tensor([Int64(2), 1, 0]).to(first.device)
            if old.channels == .bgr { weight = weight.select(1, order) }
            weight = weight * Tensor(factors, shape: [1, 3, 1, 1]).to(first.dtype).to(first.device)
            if new.channels == .bgr { weight = weight.select(1, order) }
            first.copy(from: weight)
        }
        return true
    }
}

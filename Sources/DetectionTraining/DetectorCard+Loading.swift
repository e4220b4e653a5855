import DetectionData
import Detectors
import NetworkFiles
import TensorFiles
import Torch
import TorchNN
import Training
import VisionData

extension DetectorCard {
    /// The same with sides of other lengths, in pixels, where they are given.
    public func with(shortEdge: Int?, longestEdge: Int?) -> DetectorCard {
        var card = self
        if let shortEdge { (card.shortEdge, card.fixedSize) = (shortEdge, nil) }
        if let longestEdge { (card.longestEdge, card.fixedSize) = (longestEdge, nil) }
        return card
    }

    /// Reads the detector of the file, ready to find objects.
    ///
    /// - Parameters:
    ///   - architecture: the detector.
    ///   - path: the file.
    ///   - key: where in the file the weights are.
    ///   - classCount: how many classes it has.
    ///   - normalization: of the pictures that it will be given.
    ///   - device: where it is to be.
    ///   - remark: called with what a user should know about the file.
    /// - Returns: the detector in evaluation mode.
    /// - Throws: what `loadDetector` of NetworkFiles throws.
    public func detector(
        _ architecture: DetectorArchitecture, from path: String, key: WeightsKey, classCount: Int,
        takingPicturesAs normalization: Normalization, device: Device,
        remark: (WeightsRemark) -> Void
    ) throws -> any Detector {
        var settings = settings
        settings.classCount = classCount
        let (detector, _) = try loadDetector(
            architecture, weights: path, key: key, settings: settings,
            takingPicturesAs: normalization.pixelFormat, generator: Generator(seed: 0),
            remark: remark)
        detector.convert(device: device, format: .channelsLast)
        detector.eval()
        return detector
    }
}

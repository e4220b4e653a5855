import Detectors
import VisionData

extension Normalization {
    /// How networks are given pictures that are normalised so.
    public var pixelFormat: PixelFormat {
        PixelFormat(
            channels: .rgb, mean: mean.map { 255 * $0 }, deviation: deviation.map { 255 * $0 })
    }
}

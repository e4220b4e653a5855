/// How a detector takes its pictures: the order of the channels, and what is taken off and divided by.
///
/// Published detectors differ here, and a wrong format costs several points of AP without a word.
public struct PixelFormat: Sendable, Equatable {
    /// The order of the channels.
    public enum Channels: String, Sendable {
        case rgb = "RGB"
        case bgr = "BGR"
    }

    /// The order of the channels.
    public let channels: Channels

    /// What is taken off, in that order, for bytes 0...255.
    public let mean: [Double]

    /// What the rest is divided by, in that order.
    public let deviation: [Double]

    /// Describes a format.
    ///
    /// - Parameters:
    ///   - channels: the order of the channels.
    ///   - mean: a number for each channel, for bytes 0...255.
    ///   - deviation: a number for each channel, above 0.
    /// - Precondition: there are three of both.
    public init(channels: Channels, mean: [Double], deviation: [Double]) {
        precondition(mean.count == 3 && deviation.count == 3, "PixelFormat: expected 3 channels")
        self.channels = channels
        self.mean = mean
        self.deviation = deviation
    }

    /// That of the residual networks which Caffe2 brought along, and of the detectors trained from them:
    /// the deviation is part of the first convolution.
    public static let caffe2 = PixelFormat(
        channels: .bgr, mean: [103.53, 116.28, 123.675], deviation: [1, 1, 1])

    /// That of torchvision's networks, and of this package's for photographs.
    public static let imageNet = PixelFormat(
        channels: .rgb, mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375])

    /// The same pictures with red first.
    public var inRGB: PixelFormat {
        channels == .rgb
            ? self
            : PixelFormat(
                channels: .rgb, mean: mean.reversed(), deviation: deviation.reversed())
    }
}

extension PixelFormat: CustomStringConvertible {
    /// One line, such as `RGB, mean 123.675, 116.28, 103.53, deviation 58.395, 57.12, 57.375`.
    public var description: String {
        // A file's fractions times 255 differ from the published numbers in their last digits.
        func list(_ numbers: [Double]) -> String {
            numbers.map { number in
                let rounded = (number * 1000).rounded() / 1000
                return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
            }.joined(separator: ", ")
        }
        return "\(channels.rawValue), mean \(list(mean)), deviation \(list(deviation))"
    }
}

import Torch

/// A whole set of small images on a device, one byte a value, with the class of each.
///
/// Held once for the run; batches are cut from it by operators on the same device.
public struct ImageSet: Sendable {
    /// uint8 `[count, 3, height, width]`.
    public let pixels: Tensor

    /// int64 `[count]`, each in `0..<classCount`.
    public let labels: Tensor

    /// How many classes there are.
    public let classCount: Int

    /// How many images there are.
    public var count: Int { labels.size(0) }

    /// Puts images on a device.
    ///
    /// - Parameters:
    ///   - pixels: row major `[count, 3, height, width]`.
    ///   - labels: one class per image.
    ///   - height: in pixels.
    ///   - width: in pixels.
    ///   - classCount: how many classes there are.
    ///   - device: where the set will live.
    public init(
        pixels: [UInt8], labels: [UInt8], height: Int, width: Int, classCount: Int,
        device: Device = .cpu
    ) {
        self.pixels = Tensor(pixels, shape: [labels.count, 3, height, width]).to(device)
        self.labels = Tensor(labels.map(Int64.init)).to(device)
        self.classCount = classCount
    }

    /// Gathers images that are on their device.
    ///
    /// - Parameters:
    ///   - pixels: uint8 `[count, 3, height, width]`.
    ///   - labels: int64 `[count]`, each in `0..<classCount`.
    ///   - classCount: how many classes there are.
    package init(pixels: Tensor, labels: Tensor, classCount: Int) {
        self.pixels = pixels
        self.labels = labels
        self.classCount = classCount
    }

    /// Puts the images of a file on a device.
    public init(_ images: LabelledImages, device: Device = .cpu) {
        self.init(
            pixels: images.pixels, labels: images.labels, height: images.height,
            width: images.width, classCount: images.classCount, device: device)
    }

    /// The images and labels at some positions.
    ///
    /// - Parameter positions: int64 `[N]` on the set's device.
    /// - Returns: uint8 `[N, 3, H, W]` and int64 `[N]`.
    public func select(_ positions: Tensor) -> (pixels: Tensor, labels: Tensor) {
        (pixels.select(0, positions), labels.select(0, positions))
    }
}

/// The mean and deviation that images are normalised with, per channel, for values in 0...1.
public struct Normalization: Sendable, Hashable {
    /// Subtracted from red, green and blue.
    public package(set) var mean: [Double]

    /// What the difference is divided by.
    public package(set) var deviation: [Double]

    /// Gathers the constants.
    ///
    /// - Precondition: three of each, the deviations above zero.
    public init(mean: [Double], deviation: [Double]) {
        precondition(mean.count == 3 && deviation.count == 3, "Normalization: not three channels")
        precondition(deviation.allSatisfy { $0 > 0 }, "Normalization: a deviation of zero")
        self.mean = mean
        self.deviation = deviation
    }

    /// CIFAR-100's own statistics.
    public static let cifar100 = Normalization(
        mean: [0.5070, 0.4865, 0.4409], deviation: [0.2673, 0.2564, 0.2761])

    /// CIFAR-10's statistics, in bytes as ReviewKD's authors use them for CIFAR-100 too.
    public static let cifar10 = Normalization(
        mean: [125.3 / 255, 123.0 / 255, 113.9 / 255],
        deviation: [63.0 / 255, 62.1 / 255, 66.7 / 255])
}

/// A normalisation whose constants lie on a device.
package struct Normalizer {
    private let factors: [Float]
    private let summands: [Float]
    private let scale: Tensor
    private let shift: Tensor

    package init(_ normalization: Normalization, device: Device) {
        // x / 255 / σ − μ / σ
        factors = normalization.deviation.map { Float(1 / (255 * $0)) }
        summands = zip(normalization.mean, normalization.deviation).map { Float(-$0 / $1) }
        scale = Tensor(factors, shape: [1, 3, 1, 1]).to(device)
        shift = Tensor(summands, shape: [1, 3, 1, 1]).to(device)
    }

    /// Normalises uint8 `[N, 3, H, W]` to float32 of the same shape, channels last.
    package func callAsFunction(_ pixels: Tensor) -> Tensor {
        normalizedPixels(pixels, scale: factors, shift: summands)
            ?? (pixels.to(.float32) * scale + shift).contiguous(.channelsLast)
    }
}

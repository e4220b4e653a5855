import Foundation
import ImageFiles

/// How photographs of any size become batches of one size.
public struct PhotographSettings: Sendable, Equatable {
    /// Height and width of the images as networks see them, in pixels.
    public var imageSize: Int

    /// The shorter side to which an image is resized before evaluation cuts its middle; nil for 256 to 224 of
    /// `imageSize`.
    public var evaluationResize: Int?

    /// Whether training images are decoded in full, as the field does; else at a scale that suits the crop.
    public var isExact: Bool

    /// Whether grey values of 16 bits are scaled; else those above 255 are white, as in Pillow.
    public var scalesSixteenBitGrey: Bool

    /// Gathers the settings.
    public init(
        imageSize: Int = 224, evaluationResize: Int? = nil, isExact: Bool = false,
        scalesSixteenBitGrey: Bool = false
    ) {
        self.imageSize = imageSize
        self.evaluationResize = evaluationResize
        self.isExact = isExact
        self.scalesSixteenBitGrey = scalesSixteenBitGrey
    }

    /// The shorter side before evaluation cuts the middle.
    public var shorterSide: Int { evaluationResize ?? (imageSize * 256 + 112) / 224 }
}

/// How files of photographs are read, without influence on what is learnt from readable ones.
public struct PhotographReading: Sendable, Equatable {
    /// The number of threads that decode; nil for as many as there are processors, at most 8.
    public var workers: Int?

    /// How many unreadable files training skips, and evaluation too where this is given; nil for a thousandth of
    /// the files, at least one, in training, and none in evaluation.
    public var allowedUnreadable: Int?

    /// The most pixels of a picture, by its header; nil for Pillow's limit.
    public var maximumPixels: Int?

    /// Gathers the settings.
    public init(
        workers: Int? = nil, allowedUnreadable: Int? = nil, maximumPixels: Int? = nil
    ) {
        self.workers = workers
        self.allowedUnreadable = allowedUnreadable
        self.maximumPixels = maximumPixels
    }
}

extension PhotographReading {
    /// The threads that decode.
    package var threads: Int { workers ?? Self.standard(on: 1) }

    /// The same where several processes of this machine read, which share the processors.
    package func divided(among processes: Int) -> PhotographReading {
        var own = self
        own.workers = workers ?? Self.standard(on: processes)
        return own
    }

    private static func standard(on processes: Int) -> Int {
        max(1, min(8, ProcessInfo.processInfo.activeProcessorCount / processes))
    }

    /// How a decoder reads.
    ///
    /// - Parameter scalesSixteenBitGrey: whether grey values of 16 bits are scaled.
    /// - Returns: the options.
    package func options(scalesSixteenBitGrey: Bool = false) -> ImageOptions {
        ImageOptions(
            maximumPixels: maximumPixels ?? ImageOptions().maximumPixels,
            scalesSixteenBitGrey: scalesSixteenBitGrey)
    }
}

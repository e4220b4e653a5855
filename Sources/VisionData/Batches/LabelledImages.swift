/// Images of one size with a class each, as they are stored: one unsigned byte a value.
public struct LabelledImages: Sendable {
    /// The values as `[count, channels, height, width]`, row by row.
    public internal(set) var pixels: [UInt8]
    /// The class of each image, in `0..<classCount`.
    public internal(set) var labels: [UInt8]
    /// The number of channels of an image.
    public let channels: Int
    /// The height of an image in pixels.
    public let height: Int
    /// The width of an image in pixels.
    public let width: Int
    /// The number of classes.
    public let classCount: Int
    /// The number of images that the publisher's split has.
    public let publishedCount: Int

    /// Gathers images.
    ///
    /// - Parameters:
    ///   - pixels: the values as `[count, channels, height, width]`, row by row.
    ///   - labels: the class of each image, in `0..<classCount`.
    ///   - channels: of an image.
    ///   - height: in pixels.
    ///   - width: in pixels.
    ///   - classCount: the number of classes.
    ///   - publishedCount: the number of images that the publisher's split has.
    /// - Precondition: there are as many values as the sizes say.
    public init(
        pixels: [UInt8], labels: [UInt8], channels: Int = 3, height: Int, width: Int,
        classCount: Int, publishedCount: Int
    ) {
        precondition(
            pixels.count == labels.count * channels * height * width,
            "LabelledImages: \(pixels.count) values for \(labels.count) images")
        self.pixels = pixels
        self.labels = labels
        self.channels = channels
        self.height = height
        self.width = width
        self.classCount = classCount
        self.publishedCount = publishedCount
    }

    /// The number of images.
    public var count: Int { labels.count }

    /// What a reader of the results should know about these images, or nil for the whole split.
    public var warning: String? {
        count == publishedCount
            ? nil
            : "only \(count) of the published \(publishedCount) images are here; "
                + "results are not comparable with those on the whole split"
    }
}

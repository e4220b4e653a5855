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

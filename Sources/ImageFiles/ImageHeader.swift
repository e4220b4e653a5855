/// What a picture file says about itself before its pixels.
public struct ImageHeader: Equatable, Sendable {
    /// The format, by the file's first bytes.
    public let format: ImageFormat
    /// The number of columns.
    ///
    /// A camera's note on how to turn the picture is ignored, as the field does.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// Whether it is a PNG of grey numbers of 16 bits without alpha; `ImageOptions` says what becomes of them.
    public let isSixteenBitGrey: Bool

    /// The number of pixels.
    public var pixels: Int { width * height }
}

/// How pictures are read.
public struct ImageOptions: Equatable, Sendable {
    /// The most pixels that a header may announce; Pillow has the same limit.
    public var maximumPixels: Int
    /// Whether grey numbers of 16 bits are divided by 256.
    ///
    /// Otherwise all above 255 become white, as in Pillow.
    public var scalesSixteenBitGrey: Bool

    /// Gathers the settings.
    public init(maximumPixels: Int = 178_956_970, scalesSixteenBitGrey: Bool = false) {
        self.maximumPixels = maximumPixels
        self.scalesSixteenBitGrey = scalesSixteenBitGrey
    }
}

/// A decoded picture.
public struct Picture: Equatable, Sendable {
    /// The number of columns.
    public internal(set) var width: Int
    /// The number of rows.
    public internal(set) var height: Int
    /// Row by row, pixel by pixel: red, green, blue.
    public internal(set) var pixels: [UInt8]

    /// A picture without pixels, to decode into.
    public init() {
        width = 0
        height = 0
        pixels = []
    }

    /// A picture of some pixels.
    ///
    /// - Parameters:
    ///   - width: The number of columns, at least 1.
    ///   - height: The number of rows, at least 1.
    ///   - pixels: `[height, width, 3]` bytes of red, green and blue.
    /// - Precondition: there are as many bytes as the size says.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == 3 * width * height,
            "Picture: \(pixels.count) bytes; \(height) rows of \(width) pixels of 3")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

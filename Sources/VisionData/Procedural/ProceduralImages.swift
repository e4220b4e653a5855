/// A data set that is drawn, not stored: textured shapes under nuisances, in twenty classes.
///
/// Each image shows one of five silhouettes with one of four textures, and the class is the pair: a
/// striped ring, a dotted cross. Place, size, turn, squash and colours of the object, turn, period
/// and phase of its pattern, the ground, bars behind and before the object, and noise vary from
/// image to image and say nothing about the class. The same arguments give the same bytes on every
/// machine, because the drawing uses only arithmetic that IEEE 754 fixes to the last bit.
public struct ProceduralImages: Sendable {
    /// Which of two disjoint streams of images to draw from.
    public enum Split: UInt64, Sendable {
        case train, test
    }

    /// The names of the classes, in the order of their labels.
    public static let classNames = classes.map { silhouette, texture in
        "\(texture.rawValue) \(silhouette.rawValue)"
    }

    /// Three planes of `size` rows of `size` bytes for each image: red, green, blue.
    public let pixels: [UInt8]

    /// The class of each image.
    public let labels: [UInt8]

    /// Draws images, the classes in turn.
    ///
    /// - Parameters:
    ///   - count: How many images to draw.
    ///   - size: The side of an image, in pixels.
    ///   - split: The stream to draw from.
    ///   - seed: The number that, with the split and an image's index, determines the image.
    public init(count: Int, size: Int, split: Split, seed: UInt64 = 0) {
        let classes = Self.classes
        let imageBytes = 3 * size * size
        pixels = [UInt8](unsafeUninitializedCapacity: count * imageBytes) { buffer, initialized in
            for index in 0..<count {
                var draws = DrawStream(keyedBy: seed, split.rawValue, UInt64(index))
                let (silhouette, texture) = classes[index % classes.count]
                let scene = Scene(
                    showing: silhouette, texture, size: Double(size), from: &draws)
                scene.draw(
                    into: buffer[(index * imageBytes)...].prefix(imageBytes), size: size,
                    from: &draws)
            }
            initialized = count * imageBytes
        }
        labels = (0..<count).map { UInt8($0 % classes.count) }
    }

    private static let classes = Silhouette.allCases.flatMap { silhouette in
        Texture.allCases.map { (silhouette, $0) }
    }
}

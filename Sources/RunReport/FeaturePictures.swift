import Distillation
import Foundation
import ImageFiles
import Torch
import VisionData
import VisionModels

/// Pictures of a feature map, as data of a page.
struct FeaturePicture {
    /// Its height and width in pixels of the map.
    let size: (height: Int, width: Int)

    /// A PNG file.
    let png: Data

    /// The same in base 64.
    var data: String { png.base64EncodedString() }

    /// Draws numbers of 0…1 from dark blue to yellow.
    ///
    /// - Parameters:
    ///   - values: row by row.
    ///   - width: of a row.
    /// - Throws: `ImageError.outOfMemory`.
    init(shades values: [Float], width: Int) throws {
        try self.init(pixels: values.flatMap(Self.color), width: width)
    }

    /// Draws red, green and blue.
    init(pixels: [UInt8], width: Int) throws {
        size = (pixels.count / 3 / width, width)
        let picture = Picture(width: width, height: size.height, pixels: pixels)
        png = Data(try picture.png())
    }

    /// Draws how strong a feature is at each pixel: the mean of its channels' magnitudes, from the least to the
    /// largest of the map.
    ///
    /// - Parameter feature: `[C, H, W]`.
    /// - Throws: `ImageError.outOfMemory`.
    init(strengthOf feature: Tensor) throws {
        let map = feature.to(.float32).abs().mean([0])
        let values = map.contiguous().elements(as: Float.self)
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        let range = max(most - least, .leastNormalMagnitude)
        try self.init(shades: values.map { ($0 - least) / range }, width: map.size(1))
    }

    /// Draws weights that are of 0…1 already.
    ///
    /// - Parameter map: `[H, W]`.
    /// - Throws: `ImageError.outOfMemory`.
    init(weights map: Tensor) throws {
        try self.init(
            shades: map.to(.float32).contiguous().elements(as: Float.self), width: map.size(1))
    }

    /// Draws an image as it was before its normalisation.
    ///
    /// - Parameters:
    ///   - image: `[3, H, W]`.
    ///   - normalization: that the image has.
    /// - Throws: `ImageError.outOfMemory`.
    init(image: Tensor, _ normalization: Normalization) throws {
        let (height, width) = (image.size(1), image.size(2))
        let values = image.to(.float32).contiguous().elements(as: Float.self)
        let pixels = (0..<(height * width)).flatMap { place in
            (0..<3).map { channel in
                let value =
                    Double(values[channel * height * width + place])
                    * normalization.deviation[channel] + normalization.mean[channel]
                return UInt8(min(max((value * 255).rounded(), 0), 255))
            }
        }
        try self.init(pixels: pixels, width: width)
    }

    /// Five colours that grow lighter evenly, between which numbers fall (after matplotlib's viridis).
    private static let colors: [(Float, Float, Float)] = [
        (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
    ]

    private static func color(_ value: Float) -> [UInt8] {
        let place = min(max(value, 0), 1) * Float(colors.count - 1)
        let low = min(Int(place), colors.count - 2)
        let (a, b, share) = (colors[low], colors[low + 1], place - Float(low))
        return [a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share, a.2 + (b.2 - a.2) * share]
            .map { UInt8($0.rounded()) }
    }
}

/// What a review does with one image, stage by stage.
struct ReviewedPicture {
    /// One level.
    struct Level {
        let name: String
        let student: FeaturePicture
        let reviewed: FeaturePicture
        let teacher: FeaturePicture
        /// The weights of the level's own feature and of the deeper levels'.
        let attention: (own: FeaturePicture, deeper: FeaturePicture)?
    }

    let image: FeaturePicture
    let levels: [Level]

    /// Draws images of a batch.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`, normalised.
    ///   - normalization: that they have.
    ///   - student: in evaluation mode.
    ///   - lesson: with a review.
    /// - Returns: a picture for each image; none without a review.
    /// - Throws: `ImageError.outOfMemory`.
    static func all(
        of images: Tensor, _ normalization: Normalization, student: any Backbone,
        lesson: ReportedLesson
    ) throws -> [ReviewedPicture] {
        guard let review = lesson.review else { return [] }
        let levels = withoutGrad {
            review.reviewed(
                student: student.features(images, keepsPreactivations: true),
                teacher: lesson.teacher(images))
        }
        return try (0..<images.size(0)).map { index in
            ReviewedPicture(
                image: try FeaturePicture(image: images.item(index), normalization),
                // One pixel, as of a pooled vector, shows nothing.
                levels: try levels.filter { $0.teacher.size(3) > 1 }.map { level in
                    func picture(_ feature: Tensor) throws -> FeaturePicture {
                        try FeaturePicture(strengthOf: feature.item(index))
                    }
                    return Level(
                        name: "stage \(level.studentLevel + 1) from the teacher's "
                            + "\(level.teacherLevel + 1)",
                        student: try picture(level.student),
                        reviewed: try picture(level.reviewed),
                        teacher: try picture(level.teacher),
                        attention: try level.attention.map { maps in
                            let own = maps.item(index)
                            return (
                                try FeaturePicture(weights: own.item(0)),
                                try FeaturePicture(weights: own.item(1))
                            )
                        })
                })
        }
    }
}

extension Tensor {
    /// The part of the first dimension's place, without that dimension.
    fileprivate func item(_ index: Int) -> Tensor {
        narrow(0, index..<(index + 1)).reshape(Array(shape.dropFirst()))
    }
}

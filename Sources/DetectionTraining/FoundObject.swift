import Basics
import COCO

/// An object that was found in a picture, for people and for programs.
public struct FoundObject: Sendable, Equatable, Encodable, CustomStringConvertible {
    /// The score from which on objects are shown; detectron2's demonstration has the same.
    public static let leastScore = 0.5

    /// The name of its class; the category's id where it has none.
    public let name: String

    /// The number of its class.
    public let number: Int

    /// How sure the detector is, from 0 to 1.
    public let score: Double

    /// Left edge, upper edge, width and height, in pixels of the picture's file.
    public let box: [Double]

    /// Its pixels, where the detector has masks.
    public let segmentation: COCOSegmentation?

    /// Takes a result.
    ///
    /// - Parameters:
    ///   - result: what a detector found.
    ///   - annotations: the list with its category; of another category only the id is known.
    public init(_ result: COCOResult, of annotations: COCOAnnotations) {
        let category = annotations.classNumber(ofCategory: result.categoryID)
        number = category ?? annotations.categories.count
        name = category.flatMap { annotations.categories[$0].name } ?? "\(result.categoryID)"
        score = result.score
        box = result.box.map { [$0.x, $0.y, $0.width, $0.height] } ?? []
        segmentation = result.segmentation
    }

    /// One line, such as `dog 0.931, x 12.0, y 3.5, width 80.2, height 41.0`.
    public var description: String {
        let sides = zip(["x", "y", "width", "height"], box).map {
            "\($0) \($1.formatted(places: 1))"
        }
        return (["\(name.shown) \(score.formatted(places: 3))"] + sides).joined(separator: ", ")
    }
}

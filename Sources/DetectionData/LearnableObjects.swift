import COCO
import Detectors
import Masks

/// The objects of one image that a detector learns, in the pixels of the image's file.
struct LearnableObjects {
    /// Left, upper, right and lower edge, the first four of the first object, and so on.
    var boxes: [Double] = []

    /// The numbers of the classes.
    var classes: [Int64] = []

    /// A mask for each object, where masks are wanted.
    var masks: [InstanceMask] = []
}

/// Takes from annotations what can be learned.
///
/// Crowds are left out, and so are boxes without area inside of their image, and categories that are not listed.
///
/// Reference: detectron2, `data/detection_utils.py`.
struct ObjectReader {
    let annotations: COCOAnnotations
    let withMasks: Bool

    /// The shortest side of a box that counts, in pixels.
    private static let shortest = 1e-5

    /// How many annotations are of no use, by the reason.
    var unusable = 0

    init(_ annotations: COCOAnnotations, withMasks: Bool) {
        self.annotations = annotations
        self.withMasks = withMasks
    }

    /// The objects of an image.
    ///
    /// - Parameters:
    ///   - position: of the image in the annotations.
    ///   - size: of the image.
    /// - Returns: those that can be learned.
    /// - Throws: `PictureError` where an annotation lacks a part.
    mutating func objects(ofImage position: Int, size: ImageSize) throws(PictureError)
        -> LearnableObjects
    {
        var found = LearnableObjects()
        for index in annotations.annotationPositions(ofImage: position) {
            let annotation = annotations.annotations[index]
            guard annotation.isCrowd != true else { continue }
            guard let number = annotations.classNumber(ofCategory: annotation.categoryID) else {
                unusable += 1
                continue
            }
            guard let box = annotation.box else {
                throw .noBox(file: annotations.path, annotation: "\(annotation.id)")
            }
            let (width, height) = (Double(size.width), Double(size.height))
            let edges = [
                min(max(box.x, 0), width), min(max(box.y, 0), height),
                min(max(box.x + box.width, 0), width), min(max(box.y + box.height, 0), height),
            ]
            // What is no number fails both comparisons.
            guard edges[2] - edges[0] > Self.shortest, edges[3] - edges[1] > Self.shortest else {
                unusable += 1
                continue
            }
            if withMasks {
                guard let mask = try mask(of: annotation, size: size) else {
                    unusable += 1
                    continue
                }
                found.masks.append(mask)
            }
            found.boxes += edges
            found.classes.append(Int64(number))
        }
        return found
    }

    /// The mask of an object; nil where none of its polygons has three corners.
    private func mask(
        of annotation: COCOAnnotation, size: ImageSize
    ) throws(PictureError) -> InstanceMask? {
        switch annotation.segmentation {
        case nil: throw .noMask(file: annotations.path, annotation: "\(annotation.id)")
        case .polygons(let polygons)?:
            let whole = polygons.filter { $0.count >= 6 && $0.count % 2 == 0 }
            return whole.isEmpty ? nil : .polygons(whole)
        case let runs?:
            func bad(_ reason: String) -> PictureError {
                .badMask(
                    file: annotations.path, annotation: "\(annotation.id)", reason: reason)
            }
            let mask: RunLengthMask
            do {
                mask = try runs.mask(height: size.height, width: size.width)
            } catch {
                throw bad("\(error)")
            }
            guard mask.height == size.height, mask.width == size.width else {
                throw bad(
                    "it has \(mask.height) rows of \(mask.width) pixels, and the image "
                        + "\(size.height) of \(size.width)")
            }
            return .pixels(mask)
        }
    }
}

extension PictureSource {
    /// The objects of every image that has some to learn, by its position.
    ///
    /// - Parameter withMasks: whether masks are learned.
    /// - Returns: at least one.
    /// - Throws: `PictureError` where nothing can be learned, or an annotation lacks a part.
    func learnableObjects(withMasks: Bool) throws(PictureError) -> [Int: LearnableObjects] {
        var reader = ObjectReader(annotations, withMasks: withMasks)
        var objects: [Int: LearnableObjects] = [:]
        for position in 0..<count {
            let found = try reader.objects(ofImage: position, size: sizes[position])
            if !found.classes.isEmpty { objects[position] = found }
        }
        if reader.unusable > 0 {
            remark(
                "\(annotations.path): \(reader.unusable) annotations are not learned, because they have no "
                    + "area in their image or a category that is not listed")
        }
        guard !objects.isEmpty else { throw .nothingToLearn(file: annotations.path) }
        return objects
    }
}

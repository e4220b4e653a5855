import Basics
import COCO
import Drawing
import Foundation
import ImageFiles
import Masks

/// An image of a list in COCO's form, with its file.
public struct COCOPicture: Sendable {
    /// What the list says of it.
    public let entry: COCOImage

    /// The list, with the categories of objects.
    public let annotations: COCOAnnotations

    /// Its file.
    public let path: String

    /// Names an image, of which nothing is read.
    ///
    /// - Parameters:
    ///   - entry: what the list says of it.
    ///   - annotations: the list.
    ///   - path: its file.
    public init(entry: COCOImage, annotations: COCOAnnotations, path: String) {
        self.entry = entry
        self.annotations = annotations
        self.path = path
    }

    /// Draws what is known of the image.
    ///
    /// - Parameter results: what a detector found in it; its annotations are drawn where this is nil.
    /// - Returns: the picture, and the number of objects on it.
    /// - Throws: `COCODrawingError` where the file or a mask does not fit.
    public func drawn(_ results: [COCOResult]?) throws -> (picture: Picture, objects: Int) {
        var canvas = Canvas(try picture())
        let objects =
            try results.map { try $0.map { try object($0, on: canvas) } }
            ?? annotations.annotations(ofImage: entry.id).map { try object($0, on: canvas) }
        canvas.draw(objects)
        return (canvas.picture, objects.count)
    }

    private func picture() throws -> Picture {
        let data: Data
        do {
            data = try TextFile.data(of: path)
        } catch {
            throw COCODrawingError.unreadable(path: path, reason: error.reason)
        }
        let picture: Picture
        do {
            picture = try data.withUnsafeBytes { bytes in
                let decoded = Result { () throws(ImageError) in try ImageDecoder().decode(bytes) }
                return try decoded.get()
            }
        } catch let error as ImageError {
            throw COCODrawingError.noPicture(path: path, error)
        }
        guard picture.width == entry.width ?? picture.width,
            picture.height == entry.height ?? picture.height
        else {
            throw COCODrawingError.otherSize(
                path: path, expected: "\(entry.width ?? 0) × \(entry.height ?? 0)",
                found: "\(picture.width) × \(picture.height)")
        }
        return picture
    }

    private func object(_ annotation: COCOAnnotation, on canvas: Canvas) throws -> DrawnObject {
        let what = "the segmentation of the annotation \(annotation.id)"
        return try object(
            annotation.categoryID, annotation.box, annotation.segmentation, on: canvas, what,
            addition: annotation.isCrowd == true ? " (crowd)" : "")
    }

    private func object(_ result: COCOResult, on canvas: Canvas) throws -> DrawnObject {
        let what =
            "the segmentation of the result with score \(result.score) for the image \(result.imageID)"
        return try object(
            result.categoryID, result.box, result.segmentation, on: canvas, what,
            score: result.score)
    }

    private func object(
        _ category: COCOIdentifier, _ box: COCOBox?, _ segmentation: COCOSegmentation?,
        on canvas: Canvas, _ what: String, addition: String = "", score: Double? = nil
    ) throws -> DrawnObject {
        let mask: RunLengthMask?
        do {
            mask = try segmentation?.mask(height: canvas.height, width: canvas.width)
        } catch {
            throw COCODrawingError.noMask(what, reason: "\(error)")
        }
        if let mask, mask.height != canvas.height || mask.width != canvas.width {
            throw COCODrawingError.noMask(
                what,
                reason:
                    "it should have the size of the image, \(canvas.height) × \(canvas.width), but "
                    + "has \(mask.height) × \(mask.width)")
        }
        let number = annotations.classNumber(ofCategory: category)
        let name = number.flatMap { annotations.categories[$0].name } ?? "category \(category)"
        return DrawnObject(
            box: box.map {
                DrawnBox(left: $0.x, top: $0.y, right: $0.x + $0.width, bottom: $0.y + $0.height)
            } ?? mask.map(\.box).flatMap(Self.box), mask: mask?.pixels, name: name + addition,
            classNumber: number ?? annotations.categories.count, score: score)
    }

    /// The box around a mask; nil where the mask is empty.
    private static func box(_ box: PixelBox) -> DrawnBox? {
        guard box.width > 0 else { return nil }
        return DrawnBox(
            left: Double(box.x), top: Double(box.y), right: Double(box.x + box.width),
            bottom: Double(box.y + box.height))
    }
}

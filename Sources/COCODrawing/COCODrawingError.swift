import COCO
import ImageFiles

/// Why nothing can be drawn on an image.
public enum COCODrawingError: Error, CustomStringConvertible {
    /// The folder has no annotations of either split.
    case noAnnotations(folder: COCOFolder)
    /// No image of an id or name is listed.
    case unknown(image: String, files: [String])
    /// An image is listed without its file.
    case noFile(annotations: String, image: COCOIdentifier)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// A file is no picture, or a damaged one.
    case noPicture(path: String, ImageError)
    /// A picture has another size than its entry.
    case otherSize(path: String, expected: String, found: String)
    /// Run lengths make no mask of the image.
    case noMask(String, reason: String)
    /// Two images would be drawn into one file.
    case sameFile(path: String, first: String, second: String)
    /// A drawn picture would replace an image.
    case isSource(path: String, folder: String)

    /// The thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .noAnnotations(let folder):
            "\(folder.path): expected annotations/instances_val2017.json or instances_train2017.json, "
                + "found neither; give the folder that holds annotations, train2017 and val2017"
        case .unknown(let image, let files):
            "\(image): expected the id or the file name of an image that is listed in "
                + "\(files.joined(separator: " or ")), found none of it; check the name"
        case .noFile(let annotations, let image):
            "\(annotations): the image \(image) should have a file_name, but has none; add it"
        case .unreadable(let path, let reason):
            "\(path) could not be read: \(reason); fetch the images, or choose one that is there"
        case .noPicture(let path, let error): "\(path): \(error)"
        case .otherSize(let path, let expected, let found):
            "\(path): expected a picture of \(expected) pixels as its entry in the annotations says, found "
                + "one of \(found); get the image or the annotations again"
        case .noMask(let what, let reason):
            "\(what) cannot be drawn: \(reason); correct it, or make the file anew"
        case .sameFile(let path, let first, let second):
            "\(first) and \(second) would both be drawn into \(path), expected a file for each; draw them into "
                + "two folders, or rename one"
        case .isSource(let path, let folder):
            "\(path) would be replaced by its drawing, because it lies in the folder for drawings, \(folder); draw "
                + "into another folder"
        }
    }
}

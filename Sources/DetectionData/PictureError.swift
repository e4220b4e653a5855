/// Pictures with annotations that cannot be used.
public enum PictureError: Error, Equatable, CustomStringConvertible {
    /// An image has no size or no file in its entry.
    case incompleteImage(file: String, image: String, missing: String)
    /// An object that is to be learned has no box.
    case noBox(file: String, annotation: String)
    /// Masks are to be learned, and an object has none.
    case noMask(file: String, annotation: String)
    /// The runs of a mask do not make a mask.
    case badMask(file: String, annotation: String, reason: String)
    /// No image has an object to learn.
    case nothingToLearn(file: String)
    /// There is no image to be judged on.
    case noImages(file: String)

    /// The thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .incompleteImage(let file, let image, let missing):
            "\(file): the image \(image) has no \(missing). Expected height, width and file_name. Mend or remove "
                + "its entry."
        case .noBox(let file, let annotation):
            "\(file): the annotation \(annotation) has no bbox. Expected x, y, width and height. Mend or remove it."
        case .noMask(let file, let annotation):
            "\(file): the annotation \(annotation) has no segmentation, and the detector has masks. Mend or remove "
                + "it, or train a detector without masks."
        case .badMask(let file, let annotation, let reason):
            "\(file): the segmentation of the annotation \(annotation) cannot be used: \(reason). Mend or remove it."
        case .nothingToLearn(let file):
            "\(file): no image has an object to learn. Expected boxes with a width and a height, of listed images "
                + "and categories. Take another file."
        case .noImages(let file):
            "\(file): it lists no image. Expected images to judge a detector on. Take another file."
        }
    }
}

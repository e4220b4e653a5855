import Basics
import Masks

/// Why results cannot be compared with annotations.
public enum COCOEvaluationError: Error, Sendable, Equatable {
    /// The file of results holds none.
    case noResults(path: String)
    /// Results are for images that the annotations do not list.
    case unknownImages(path: String, ids: [String], annotations: String)
    /// Some ids are numbers and others texts, which have no common order.
    case mixedIDs(path: String, of: String)
    /// An object or result lacks something that the evaluation needs.
    case missing(path: String, entry: String, part: String)
    /// An image lacks its size, which masks need.
    case noSize(path: String, image: String)
    /// The first result has neither a box nor a mask.
    case nothingToCompare(path: String)
    /// Run lengths make no mask.
    case mask(path: String, entry: String, MaskError)
    /// Polygons make no mask.
    case polygons(path: String, entry: String, expected: String, found: String)
    /// A mask without a box is not of packed run lengths.
    case unpacked(path: String, entry: String)
    /// An object that was found has an id that counts no matches.
    case textID(path: String, entry: String)
}

extension COCOEvaluationError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String { sentences(problem, remedy) }

    /// The same without the remedy.
    package var problem: String {
        switch self {
        case .noResults(let path): "\(path) should hold at least one result, but holds none"
        case .unknownImages(let path, let ids, let annotations):
            "\(path) should hold results for images of \(annotations) alone, but has some for "
                + "\(ids.count) \(ids.count == 1 ? "other" : "others") (\(ids.firstFew))"
        case .mixedIDs(let path, let entries):
            "the ids of \(entries) in \(path) should all be numbers or all be strings, but are some of "
                + "each"
        case .missing(let path, let entry, let part):
            "\(path): \(entry) should have \(part), but has none"
        case .noSize(let path, let image):
            "\(path): image \(image) should have a height and a width, which its masks need, but "
                + "lacks one"
        case .nothingToCompare(let path):
            "\(path): result 1 should have a 'bbox' or a 'segmentation', but has neither"
        case .mask(let path, let entry, let error):
            "\(path): the mask of \(entry) is none: \(error)"
        case .polygons(let path, let entry, let expected, let found):
            "\(path): the polygons of \(entry) should have \(expected), but have \(found)"
        case .unpacked(let path, let entry):
            "\(path): the mask of \(entry) should be of packed run lengths, as results without boxes "
                + "have them, but is not"
        case .textID(let path, let entry):
            "\(path): \(entry) was found, and pycocotools counts that only by an id that is a number"
        }
    }

    private var remedy: String {
        switch self {
        case .noResults, .nothingToCompare: "check what the detector wrote"
        case .unknownImages: "give the annotations that the results belong to"
        case .mixedIDs: "write them in one way"
        case .missing, .noSize, .mask, .polygons: "correct the file"
        case .unpacked: "pack it, or give the results their boxes"
        case .textID: "give it one, or count each annotation as itself"
        }
    }
}

import Basics

/// What a user should know of an evaluation that went well.
public enum COCORemark: Sendable, Equatable {
    /// Objects with the id 0 count as not found.
    case zeroIDs(path: String, entry: String, count: Int)
    /// Ids of objects that others have too.
    case repeatedIDs(path: String, ids: [String])
    /// Results whose overlap with an object is no number.
    case undefinedOverlaps(path: String, count: Int)
    /// Scores that are no numbers.
    case undefinedScores(path: String, count: Int)
    /// Results of categories that the annotations do not list.
    case unlistedResults(path: String, ids: [String], count: Int)
    /// Objects whose image or category is not listed.
    case unlistedObjects(path: String, count: Int)
    /// Boxes are compared, and the results have masks alone.
    case boxesOfMasks(path: String)
    /// Masks are compared, and some results have boxes alone.
    case masksOfBoxes(path: String, count: Int)
    /// Masks that have another size than those they are compared with.
    case otherSizes(path: String, count: Int)

    /// Whether pycocotools' figures are wrong because of it.
    public var isTrap: Bool {
        switch self {
        case .zeroIDs, .repeatedIDs, .undefinedOverlaps: true
        default: false
        }
    }
}

extension COCORemark: CustomStringConvertible {
    /// One sentence.
    public var description: String {
        switch self {
        case .zeroIDs(let path, let entry, let count):
            "\(path): \(entry) has the id 0\(count > 1 ? ", as \(count - 1) more have" : ""), "
                + "and a result that finds it counts as wrong"
        case .repeatedIDs(let path, let ids):
            "\(path): \(ids.count) \(ids.count == 1 ? "id is" : "ids are") there more than once "
                + "(\(ids.firstFew)), and the last annotation with an id takes the place of the others"
        case .undefinedOverlaps(let path, let count):
            "\(path): \(count) \(count == 1 ? "result has" : "results have") an overlap that is no number, "
                + "as boxes with NaN have, and that counts as right"
        case .undefinedScores(let path, let count):
            "\(path): \(count) \(count == 1 ? "score is" : "scores are") no number; such results come last"
        case .unlistedResults(let path, let ids, let count):
            "\(path): \(count) \(count == 1 ? "result is" : "results are") of categories that the "
                + "annotations do not list (\(ids.firstFew)) and left out"
        case .unlistedObjects(let path, let count):
            "\(path): \(count) \(count == 1 ? "annotation is" : "annotations are") left out, whose image or "
                + "category is not listed"
        case .boxesOfMasks(let path):
            "\(path): the results have masks and no boxes, so the boxes around the masks are compared"
        case .masksOfBoxes(let path, let count):
            "\(path): \(count) \(count == 1 ? "result has a box and no mask, so its box is" : "results have boxes and no masks, so their boxes are") "
                + "compared as masks"
        case .otherSizes(let path, let count):
            "\(path): \(count) \(count == 1 ? "mask has" : "masks have") another size than the objects of the "
                + "image, and overlap with none of those"
        }
    }
}

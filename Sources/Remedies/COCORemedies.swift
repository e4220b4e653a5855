import COCO

extension COCOEvaluationError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .textID: "give it one, or count each annotation as itself with --strict-ids"
        case .noResults, .unknownImages, .mixedIDs, .missing, .noSize, .nothingToCompare, .mask,
            .polygons, .unpacked:
            nil
        }
    }
}

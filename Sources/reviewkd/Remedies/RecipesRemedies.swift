import Recipes

extension RecipeError: Remediable {
    var problem: String { problem(calling: "--set") }

    func remedy(in command: CommandKind) -> String? {
        switch self {
        case .unused(_, let key, _):
            switch command {
            case .run: "remove it, or give --set \(key)=null"
            case .study: "remove it, or give --set \(key)=null (ablate only)"
            case .bench, .fetch, .other: "remove it"
            }
        case .afterTheEnd(_, _, _, let epochs, isOverridden: true):
            remedy.map {
                "\($0) (train and distill rescale both by --epochs \(epochs) in place of "
                    + "--set epochs=\(epochs))"
            }
        case .unknownRecipe(_, let nearest):
            Self.question(nearest, or: "`reviewkd recipes` lists the shipped ones")
        case .unknownPair(_, let nearest):
            Self.question(nearest, or: "`reviewkd models` lists the models")
        case .syntax, .tab, .severalDocuments, .duplicateKey, .unknownKey, .missingKey,
            .invalidValue, .contradiction, .afterTheEnd, .invalidOverride, .noPublishedReview,
            .unreadable:
            remedy
        }
    }

    func text(in command: CommandKind) -> String {
        text(calling: "--set", remedy: remedy(in: command))
    }
}

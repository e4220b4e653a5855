import RecipeSyntax
import Recipes
import VisionData

extension RecipeError: Remediable {
    package var problem: String { problem(calling: "--set") }

    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .unused(_, let key, _):
            switch command {
            case .run: "remove it, or give --set \(key)=null"
            case .study: "remove it, or give --set \(key)=null (ablate only)"
            case .bench, .fetch, .predict, .other: "remove it"
            }
        case .afterTheEnd(_, _, _, let epochs, isOverridden: true):
            remedy.map {
                "\($0) (train and distill rescale both by --epochs \(epochs) in place of "
                    + "--set epochs=\(epochs))"
            }
        case .unknownRecipe(let name, let nearest):
            Self.question(
                nearest,
                or: Self.otherData(name, nearest, command)
                    + "`reviewkd recipes` lists the shipped ones")
        case .invalidOverride(let text, _): Self.example(for: text, option: "--set ")
        case .unknownPair(_, let nearest):
            Self.question(nearest, or: "`reviewkd models` lists the models")
        case .syntax, .tab, .severalDocuments, .duplicateKey, .unknownKey, .missingKey,
            .invalidValue, .contradiction, .afterTheEnd, .noPublishedReview, .unreadable:
            remedy
        }
    }

    /// How the recipe that was probably meant is used with the data set that was named with it; empty where
    /// that is its own.
    private static func otherData(
        _ name: String, _ nearest: String?, _ command: CommandKind
    ) -> String {
        let own = nearest?.split(separator: "/").first.map(String.init)
        let meant = Dataset.all.map(\.name).filter { plain(name).hasPrefix($0) }
            .max { $0.count < $1.count }
        guard let own, let meant, own != meant, command == .run || command == .study else {
            return ""
        }
        return "For \(meant) add --set dataset.name=\(meant) --set dataset.normalization=\(meant). "
    }

    /// Without letter case and signs.
    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    package func text(in command: CommandKind) -> String {
        text(calling: "--set", remedy: remedy(in: command))
    }
}

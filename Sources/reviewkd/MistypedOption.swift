import ArgumentParser
import Recipes
import Training

/// An option that no command has, but whose name is that of a recipe's value, as `--lr`.
enum MistypedOption {
    /// Finds one in what the parser says.
    ///
    /// - Parameters:
    ///   - message: the parser's, whole.
    ///   - arguments: without the program's name.
    /// - Returns: what is wrong, with the option that sets the value; nil where the parser's words are
    ///   enough.
    static func problem(in message: String, of arguments: [String]) -> String? {
        guard let command = arguments.first, ["train", "distill"].contains(command),
            let match = message.firstMatch(of: /^Error: Unknown option '--([^'=]+)'/),
            let path = Recipe.path(ofValue: String(match.1))
        else { return nil }
        return "--\(match.1) is no option of reviewkd \(command); a recipe's value is set with "
            + "--set \(path)=VALUE"
    }
}

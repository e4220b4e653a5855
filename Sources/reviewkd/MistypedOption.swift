import ArgumentParser
import Basics
import Recipes
import Training

/// An option that a command does not have, such as `--lr`, which is the name of a recipe's value.
enum MistypedOption {
    /// Finds one in what the parser says.
    ///
    /// - Parameters:
    ///   - message: the parser's, whole.
    ///   - arguments: without the program's name.
    /// - Returns: what is wrong, with the option that sets the value, or without a hint that is none; nil where
    ///   the parser's words are enough.
    static func problem(in message: String, of arguments: [String]) -> String? {
        let form = /^Error: (Unknown option '--([^'=]+)')(?:\. Did you mean '--([^']+)'\?)?/
        guard let match = message.firstMatch(of: form) else { return nil }
        let name = String(match.2)
        if let command = arguments.first, ["train", "distill"].contains(command),
            let path = Recipe.path(ofValue: name)
        {
            return "--\(name) is no option of reviewkd \(command); a recipe's value is set with "
                + "--set \(path)=VALUE"
        }
        // The parser also offers names that have hardly a letter in common.
        guard let hint = match.3, NearestName.find(name, among: [String(hint)]) == nil else {
            return nil
        }
        return String(match.1)
    }
}

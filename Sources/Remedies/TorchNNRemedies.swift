import Basics
import TorchNN

extension StateDictError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        guard let fitting, command == .study else { return nil }
        // The file's name, or that of its folder, says which teacher it should be.
        return
            "rename the file, or its folder, after \(fitting), or take it out of the folder of --teachers"
    }
}

/// Weights of a file that an option names, which do not fit the network that another one names.
package struct UnfitWeights: Error, Remediable {
    /// What does not fit.
    let error: StateDictError

    /// What gives the network's name where the name follows, as `--model `.
    let naming: String

    /// The option with the file; nil where it is the command's argument.
    let option: String?

    package var description: String { error.description }
    package var problem: String { error.problem }
    package var details: String { error.details }

    package func remedy(in command: CommandKind) -> String? {
        if error.otherClasses != nil {
            return switch option {
            case "--student-weights":
                "give --new-classifier too, which keeps all but the last layer, or give weights trained on "
                    + "this data set"
            default:
                "give weights trained on this data set; `reviewkd train` makes them of these with "
                    + "--student-weights FILE --new-classifier"
            }
        }
        return error.fitting.map { name in
            "give \(naming)\(name), or " + (option.map { "another \($0)" } ?? "another file")
        }
    }

    /// Runs what reads the weights.
    ///
    /// - Parameters:
    ///   - naming: what gives the network's name where the name follows.
    ///   - option: the option with the file; nil where it is the command's argument.
    ///   - body: reads them.
    /// - Returns: what it returns.
    /// - Throws: `UnfitWeights` in place of `StateDictError`, or what else it throws.
    package static func naming<Result>(
        _ naming: String, option: String? = nil, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let error as StateDictError {
            throw UnfitWeights(error: error, naming: naming, option: option)
        }
    }
}

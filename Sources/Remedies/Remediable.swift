import Basics

/// What a library says without this tool's options, and the tool with them.
///
/// Libraries know nothing of options and commands: their errors and warnings end in what anybody can do. The tool
/// puts what its own user can do in the place of that.
package protocol Remediable: CustomStringConvertible {
    /// What happened, what was expected and what was found, without a remedy.
    var problem: String { get }

    /// What comes behind the remedy, such as a list.
    var details: String { get }

    /// What a user of a command can do.
    ///
    /// - Parameter command: the command that the user gave.
    /// - Returns: nil where the library's own words are enough.
    func remedy(in command: CommandKind) -> String?

    /// The whole text for a user of a command.
    func text(in command: CommandKind) -> String
}

extension Remediable {
    package var details: String { "" }

    package func text(in command: CommandKind) -> String {
        remedy(in: command).map { sentences(problem, $0) + details } ?? description
    }
}

/// What a user of the tool is told.
///
/// - Parameter thing: an error, a warning or a remark of a library.
/// - Returns: its text, with the options of the command that the user gave.
package func told(_ thing: Any) -> String {
    (thing as? any Remediable)?.text(in: .given) ?? "\(thing)"
}

/// An error in the words for a user of the tool.
package struct ToldError: Error, CustomStringConvertible {
    package let description: String

    /// Words an error.
    package init(_ error: any Remediable & Error) { description = told(error) }
}

/// The commands, as far as their options differ.
package enum CommandKind {
    /// `train` and `distill`.
    case run
    /// `reproduce` and `ablate`.
    case study
    /// `bench`.
    case bench
    /// `datasets fetch`.
    case fetch
    /// `predict`.
    case predict
    /// Those whose options say no more than where to compute.
    case other

    /// The command that the user gave.
    package static let given = CommandKind(CommandLine.arguments.dropFirst().first)

    private init(_ name: String?) {
        self =
            switch name {
            case "train", "distill": .run
            case "reproduce", "ablate": .study
            case "bench": .bench
            case "datasets": .fetch
            case "predict": .predict
            default: .other
            }
    }
}

import ArgumentParser
import Basics
import VisionModels

/// A word where a command should stand.
package enum MistypedCommand {
    /// Finds a word that is no command.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - root: the command that they are for.
    /// - Returns: what is wrong, with the remedy; nil where the parser is to judge the arguments.
    package static func problem(
        of arguments: [String], for root: any ParsableCommand.Type
    ) -> String? {
        var command = root
        var path = root._commandName
        for argument in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
            let below = command.configuration.subcommands
            guard !below.isEmpty, !argument.hasPrefix("-") else { return nil }
            guard let next = below.first(where: { $0._commandName == argument })
            else { return problem(of: argument, below: command, path) }
            command = next
            path += " \(argument)"
        }
        return nil
    }

    /// The words of arguments that name a command, the program's name first.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - root: the command that they are for.
    /// - Returns: such as `reviewkd runs list`.
    package static func path(of arguments: [String], for root: any ParsableCommand.Type) -> String {
        var command = root
        var words = [root._commandName]
        for argument in arguments {
            let below = command.configuration.subcommands
            guard let next = below.first(where: { $0._commandName == argument }) else { break }
            command = next
            words.append(argument)
        }
        return words.joined(separator: " ")
    }

    private static func problem(
        of argument: String, below command: any ParsableCommand.Type, _ path: String
    ) -> String? {
        let names = command.configuration.subcommands.map { $0._commandName }
        let nearest = NearestName.find(argument, among: names)
        // It may be an argument of the command that stands for none.
        if command.configuration.defaultSubcommand != nil, nearest == nil { return nil }
        return "'\(argument)' is no command of \(path)"
            + (nearest.map { "; did you mean '\($0)'?" } ?? ".")
            + " The commands are \(names.joined(separator: ", "))."
    }
}

import ArgumentParser
import Basics
import Foundation
import Recipes

/// An option that a command does not have, such as `--lr`, which is the name of a recipe's value.
package enum MistypedOption {
    /// Finds one where the parser complains of it, or of an argument that is missing because of it.
    ///
    /// - Parameters:
    ///   - message: the parser's, whole.
    ///   - arguments: without the program's name.
    ///   - root: the command that they are for.
    /// - Returns: what is wrong, with the option that was probably meant, or the one that sets the value; nil
    ///   where the parser's words are enough.
    package static func problem(
        in message: String, of arguments: [String], for root: any ParsableCommand.Type
    ) -> String? {
        let unknown = message.prefixMatch(of: /Error: Unknown option '--([^'=]+)'/)
        let isMissing = message.hasPrefix("Error: Missing expected argument")
        guard unknown != nil || isMissing, let usage = Usage(of: arguments, for: root) else {
            return nil
        }
        guard let name = unknown.map({ String($0.1) }) ?? usage.firstUnknown(in: arguments) else {
            return nil
        }
        if let command = arguments.first, ["train", "distill"].contains(command),
            let path = Recipe.path(ofValue: name)
        {
            return "--\(name) is no option of reviewkd \(command); a recipe's value is set with "
                + "--set \(path)=VALUE"
        }
        let owners = usage.owners(of: name)
        if !owners.isEmpty {
            let path = MistypedCommand.path(of: arguments, for: root)
            return "--\(name) is no option of \(path), but of "
                + owners.prefix(3).map { "reviewkd \($0)" }.joined(separator: ", ")
                + (owners.count > 3 ? " and others" : "")
        }
        // The parser also offers names that have hardly a letter in common.
        let nearest = NearestName.find(name, among: usage.options)
        return "Unknown option '--\(name)'" + (nearest.map { ". Did you mean '--\($0)'?" } ?? "")
    }
}

/// The options that a command has, as the parser writes them out for other programs.
private struct Usage {
    private struct Dump: Decodable { let command: Command }

    private struct Command: Decodable {
        let commandName: String
        let arguments: [Argument]?
        let subcommands: [Command]?

        /// Its own and those of the commands below it, one of which may be what it does without a word.
        var options: [String] {
            let names = (arguments ?? []).flatMap { $0.names ?? [] }
            return names.filter { $0.kind == "long" }.map(\.name)
                + (subcommands ?? []).flatMap(\.options)
        }
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let names: [Name]?
    }

    /// The long names, without `--`.
    let options: [String]

    private let all: [Command]

    /// Reads them for the command that arguments name; nil where the parser writes them in another way.
    init?(of arguments: [String], for root: any ParsableCommand.Type) {
        let data = Data(root._dumpHelp().utf8)
        guard var command = try? JSONDecoder().decode(Dump.self, from: data).command else {
            return nil
        }
        all = command.subcommands ?? []
        for word in arguments {
            guard let next = command.subcommands?.first(where: { $0.commandName == word })
            else { break }
            command = next
        }
        options = command.options
    }

    /// The commands below the program's name that have an option.
    func owners(of option: String) -> [String] {
        all.filter { $0.options.contains(option) }.map(\.commandName)
    }

    /// The name of the first option that the command does not have, without `--` and its value.
    func firstUnknown(in arguments: [String]) -> String? {
        for argument in arguments.prefix(while: { $0 != "--" }) {
            guard let match = argument.prefixMatch(of: /--([^=]+)/) else { continue }
            let name = String(match.1)
            if !options.contains(name) { return name }
        }
        return nil
    }
}

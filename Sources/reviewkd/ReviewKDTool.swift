import ArgumentParser
import Basics
import CommandOptions
import ExportCommands
import Foundation
import RecordCommands
import Remedies
import Revision
import Terminal
import Torch

/// The command-line tool.
@main
struct ReviewKDTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reviewkd",
        abstract: "Trains small vision networks under the guidance of large ones (ReviewKD).",
        version:
            "reviewkd \(toolVersion), LibTorch \(Runtime.version) (\(build) build of \(revision))",
        subcommands: [
            DemoCommand.self, TrainCommand.self, DistillCommand.self, ReproduceCommand.self,
            AblateCommand.self, EvaluateCommand.self, PredictCommand.self, BenchCommand.self,
            ExportCommand.self, InspectCommand.self,
            ModelsCommand.self,
            RecipesCommand.self, RunsCommand.self, ReportCommand.self, DashboardCommand.self,
            DatasetsCommand.self, COCOCommand.self, DevicesCommand.self, CompletionsCommand.self,
        ])

    /// Runs the command that the arguments name, on the main thread as long as it does not wait.
    @MainActor static func main() async {
        Streams.prepare()
        Runtime.keepFreedMemory()
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try await command(of: arguments)
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            let (message, status) = told(error, of: arguments)
            if status == .success {
                print(message)
            } else if !message.isEmpty {
                printError(message)
            }
            Streams.exit(status.rawValue)
        }
        Streams.exit(0)
    }

    /// The command that arguments name, with its options; nothing of it has run.
    ///
    /// - Throws: what is wrong with the arguments, or what is to be printed in place of a run, such as help.
    static func command(of arguments: [String]) async throws -> any ParsableCommand {
        try Arguments.refuseEmpty(arguments, for: Self.self)
        if let problem = MistypedCommand.problem(of: arguments, for: Self.self) {
            throw ValidationError(problem)
        }
        return try await asyncParseAsRoot(arguments)
    }

    /// What a user is told of an error, and the status that the program ends with.
    static func told(
        _ error: any Error, of arguments: [String]
    ) -> (message: String, status: ExitCode) {
        let error =
            (error as? any Remediable & Error).map { ToldError($0) }
            ?? FileError(foundation: error) ?? error
        // As ArgumentParser's own `exit`, which knows nothing of streams that cannot be written.
        let message = fullMessage(for: error)
        guard let problem = MistypedOption.problem(in: message, of: arguments, for: Self.self)
        else { return (pointing(message, at: arguments), exitCode(for: error)) }
        // The parser's own shows how the command is used.
        let usage = message.range(of: "\nUsage: ").map { message[$0.lowerBound...] }
        return (
            usage.map { "Error: \(problem)\($0)" } ?? fullMessage(for: ValidationError(problem)),
            exitCode(for: error)
        )
    }

    /// A message whose last lines name the help of the command that was given.
    ///
    /// A command that finds out while it runs that its options do not go together is not known to the parser any
    /// more, which then names the whole program's.
    private static func pointing(_ message: String, at arguments: [String]) -> String {
        guard let usage = message.range(of: "\nUsage: \(_commandName) <subcommand>\n") else {
            return message
        }
        let path = MistypedCommand.path(of: arguments, for: Self.self)
        return message[..<usage.lowerBound] + "\n  See '\(path) --help' for more information."
    }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}

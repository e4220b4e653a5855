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
            try Arguments.refuseEmpty(arguments, for: Self.self)
            if let problem = MistypedCommand.problem(of: arguments, for: Self.self) {
                throw ValidationError(problem)
            }
            var command = try await asyncParseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            let error =
                (error as? any Remediable & Error).map { ToldError($0) }
                ?? FileError(foundation: error) ?? error
            // As ArgumentParser's own `exit`, which knows nothing of streams that cannot be written.
            let status = exitCode(for: error)
            var message = fullMessage(for: error)
            if let problem = MistypedOption.problem(
                in: message, of: arguments, for: Self.self)
            {
                // The parser's own shows how the command is used.
                let usage = message.range(of: "\nUsage: ").map { message[$0.lowerBound...] }
                message =
                    usage.map { "Error: \(problem)\($0)" }
                    ?? fullMessage(for: ValidationError(problem))
            }
            if status == .success {
                print(message)
            } else if !message.isEmpty {
                printError(message)
            }
            Streams.exit(status.rawValue)
        }
        Streams.exit(0)
    }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}

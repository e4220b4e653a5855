import ArgumentParser
import Torch

/// The command-line tool.
@main
struct ReviewKDTool: AsyncParsableCommand {
    /// The tool's own version.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "reviewkd",
        abstract: "Trains small vision networks under the guidance of large ones (ReviewKD).",
        version: "reviewkd \(version), LibTorch \(Runtime.version) (\(build) build)",
        subcommands: [
            DemoCommand.self, TrainCommand.self, DistillCommand.self, EvaluateCommand.self,
            BenchCommand.self, ModelsCommand.self, RecipesCommand.self, DatasetsCommand.self,
            DevicesCommand.self,
        ])

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}

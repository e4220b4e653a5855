import ArgumentParser
import Revision
import Torch

/// The command-line tool.
@main
struct ReviewKDTool: AsyncParsableCommand {
    /// The tool's own version.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "reviewkd",
        abstract: "Trains small vision networks under the guidance of large ones (ReviewKD).",
        version: "reviewkd \(version), LibTorch \(Runtime.version) (\(build) build of \(revision))",
        subcommands: [
            DemoCommand.self, TrainCommand.self, DistillCommand.self, ReproduceCommand.self,
            AblateCommand.self, EvaluateCommand.self, BenchCommand.self, ModelsCommand.self,
            RecipesCommand.self, DatasetsCommand.self, DevicesCommand.self,
        ])

    /// Runs the command that the arguments name, on the main thread as long as it does not wait.
    @MainActor static func main() async {
        Runtime.keepFreedMemory()
        await main(nil)
    }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}

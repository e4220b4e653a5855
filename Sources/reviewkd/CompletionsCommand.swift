import ArgumentParser
import Terminal

/// `reviewkd completions`.
struct CompletionsCommand: ParsableCommand {
    /// The shells that can be told.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print what completes this program's commands and options in a shell.")

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(ReviewKDTool.completionScript(for: known))
    }
}

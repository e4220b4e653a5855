import ArgumentParser

/// `reviewkd runs`.
package struct RunsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List, compare and export recorded runs.",
        subcommands: [
            RunsListCommand.self, RunsShowCommand.self, RunsCompareCommand.self,
            RunsExportCommand.self, RunsDeleteCommand.self, RunsIndexCommand.self,
        ], defaultSubcommand: RunsListCommand.self)

    package init() {}
}

import ArgumentParser

/// `reviewkd coco`.
struct COCOCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coco", abstract: "Work with annotations and results in the form of COCO.",
        subcommands: [COCOEvaluateCommand.self, COCOShowCommand.self])
}

import ArgumentParser
import Basics
import CommandOptions
import RecipeSyntax
import Recipes
import Remedies
import Studies
import Training
import VisionModels

/// `reviewkd reproduce`.
struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Train the runs of the paper's table, and compare them with the published ones.",
        discussion: """
            A cell is one run: a pair, a method, a seed and a schedule. Each finished cell is a line of \
            OUTPUT/results.jsonl and is not run again. Repeat the command to continue after a stop. \
            Missing teachers are trained first.
            """)

    /// The tables that can be reproduced.
    enum Subject: String, CaseIterable, ExpressibleByArgument { case cifar100 }

    @Argument(help: "What to reproduce: cifar100.")
    var subject: Subject

    @Option(
        help: "Pairs TEACHER-STUDENT joined by commas, or paper (eleven pairs), or all (sixteen).")
    var pairs = "paper"

    @Option(help: "Methods joined by commas, such as kd,reviewkd,reviewkd+kd (default: all).")
    var methods: String?

    @Option(
        help: """
            paper (240 epochs), medium (60), short, or a recipe's file. A file gives data, rates and length. \
            ShuffleNets and MobileNetV2 get a fifth of its learning rate, unless its student is one of them.
            """)
    var schedule = "paper"

    @OptionGroup var options: StudyOptions

    func validate() throws {
        _ = try names()
        _ = try parsedPairs()
    }

    func run() throws {
        let schedule = try StudySchedule(named: schedule)
        let names = try names()
        let pairs = try parsedPairs()
        let run = StudyRun(
            options: options, schedule: schedule, source: self.schedule, name: StudyTable.name)
        try options.run("reproduce") { processes in
            try run(with: processes) { seeds, precision in
                try Cell.all(
                    pairs: pairs, methods: names, seeds: seeds, schedule: schedule,
                    precision: precision)
            }
        }
    }

    private func names() throws -> [[MethodSettings.Name]] {
        guard let methods else { return MethodSettings.Name.byThemselves.map { [$0] } }
        let lists = try listed(methods).map { part in
            guard let names = [MethodSettings.Name](joined: part) else {
                throw ValidationError(
                    MethodSettings.Name.unknown(part, option: "one of --methods"))
            }
            return names
        }
        guard Set(lists.map(Set.init)).count == lists.count else {
            throw ValidationError("--methods is \(methods), expected each method once")
        }
        return lists
    }

    private func parsedPairs() throws -> [ModelPair] {
        switch pairs {
        case "paper": return ModelPair.ofPaper
        case "all": return ModelPair.published
        default:
            if let meant = NearestName.find(pairs, among: ["paper", "all"]) {
                throw ValidationError(
                    "--pairs is \(pairs), expected paper, all, or TEACHER-STUDENT, several joined by "
                        + "commas; did you mean \"\(meant)\"?")
            }
            let list = try listed(pairs).map { part in
                do throws(RecipeError) {
                    return try ModelPair(named: part)
                } catch {
                    throw ValidationError(told(error))
                }
            }
            guard Set(list).count == list.count else {
                throw ValidationError("--pairs is \(pairs), expected each pair once")
            }
            return list
        }
    }
}

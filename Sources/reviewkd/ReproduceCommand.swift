import ArgumentParser
import Training

/// `reviewkd reproduce`.
struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Train the cells of the paper's table, and put ours beside the published ones.",
        discussion: """
            Every finished cell is a line of OUTPUT/results.jsonl and is not run again; the same \
            command goes on where it was ended. Missing teachers are trained first.
            """)

    /// The tables that can be reproduced.
    enum Subject: String, CaseIterable, ExpressibleByArgument { case cifar100 }

    @Argument(help: "What to reproduce: cifar100.")
    var subject: Subject

    @Option(
        help: "TEACHER-STUDENT, several joined by commas; paper (the eleven) or all (sixteen).")
    var pairs = "paper"

    @Option(help: "Methods joined by commas, as kd,reviewkd,reviewkd+kd (default: all).")
    var methods: String?

    @Option(
        help: """
            paper (240 epochs), short, or a recipe's file: its data, rates and length, with a fifth of \
            the learning rate for ShuffleNets and MobileNetV2 where its own student is none.
            """)
    var schedule = "paper"

    @OptionGroup var options: StudyOptions

    func validate() throws { _ = try names() }

    func run() throws {
        let schedule = try StudySchedule(named: schedule)
        let names = try names()
        let pairs = try parsedPairs()
        _ = try StudyRun(options: options, schedule: schedule, name: "table") { seeds, precision in
            try Cell.all(
                pairs: pairs, methods: names, seeds: seeds, schedule: schedule,
                precision: precision)
        }
    }

    private func names() throws -> [[MethodSettings.Name]] {
        guard let methods else { return MethodSettings.Name.allCases.map { [$0] } }
        let lists = try methods.split(separator: ",", omittingEmptySubsequences: false).map {
            part in
            guard let names = [MethodSettings.Name](joined: String(part)) else {
                throw ValidationError(
                    MethodSettings.Name.unknown(String(part), option: "one of --methods"))
            }
            return names
        }
        guard Set(lists).count == lists.count else {
            throw ValidationError("--methods is \(methods), expected each method once")
        }
        return lists
    }

    private func parsedPairs() throws -> [ModelPair] {
        switch pairs {
        case "paper": return ModelPair.ofPaper
        case "all": return ModelPair.published
        default:
            let list = try pairs.split(separator: ",", omittingEmptySubsequences: false)
                .map { try ModelPair(named: String($0)) }
            guard Set(list).count == list.count else {
                throw ValidationError("--pairs is \(pairs), expected each pair once")
            }
            return list
        }
    }
}

/// `reviewkd ablate`.
struct AblateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ablate",
        abstract: "Vary one part of ReviewKD, and compare with the whole and the student alone.",
        discussion: """
            stages: student stage i learns from teacher stage j, for every i and j, with a heat map. \
            components: from one layer to the whole method. fusion: ABF, addition, concatenation. \
            distance: L2, HCL and parts of its pyramid. weight: its size and warm-up.
            """)

    @Argument(help: "stages, components, fusion, distance or weight.")
    var ablation: Ablation

    @Argument(help: "ReviewKD's recipe of a pair (see `reviewkd recipes`), or its file.")
    var recipe: String

    @Option(
        name: .customLong("set"),
        help: "Override a recipe's value, key.path=value; may be repeated.")
    var overrides: [String] = []

    @OptionGroup var options: StudyOptions

    func validate() throws {
        for (key, option) in [("seed", "--seeds"), ("precision", "--precision")] {
            guard let text = overrides.first(where: { $0.hasPrefix("\(key)=") }) else { continue }
            throw ValidationError("--set is \(text), expected \(option) for that; use it")
        }
    }

    func run() throws {
        let recipe = try Recipe.load(nameOrPath: recipe, overrides: overrides)
        let schedule = try StudySchedule(of: recipe, from: self.recipe)
        let run = StudyRun(
            options: options, schedule: schedule, name: "ablation-\(ablation.rawValue)")
        let table = try run { seeds, precision in
            try Cell.all(
                ablation, of: recipe, schedule: schedule.name, seeds: seeds, precision: precision)
        }
        guard ablation == .stages, let table, let pair = try recipe.pair else { return }
        let path = "\(options.output)/ablation-stages.svg"
        try write(StageHeatMap(table, pair: pair, schedule: schedule.name).svg, to: path)
        if !options.json { print("Heat map: \(path)") }
    }
}

extension Ablation: ExpressibleByArgument {}

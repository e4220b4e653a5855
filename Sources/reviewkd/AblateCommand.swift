import ArgumentParser
import CommandOptions
import Recipes
import Studies
import Training

/// `reviewkd ablate`.
struct AblateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ablate",
        abstract:
            "Vary one part of ReviewKD, and compare with the whole method and the student alone.",
        discussion: """
            stages: student stage i learns from teacher stage j, for every i and j, with a heat map. \
            components: from one layer to the whole method. fusion: ABF, addition or concatenation. \
            distance: L2, HCL and parts of its pyramid. weight: the size of the loss weight and its warm-up. \
            additions: what later papers add, judged by images that are held out from training.
            """)

    @Argument(help: "stages, components, fusion, distance, weight or additions.")
    var ablation: Ablation

    @Argument(help: "A recipe that distills with ReviewKD (see `reviewkd recipes`), or its file.")
    var recipe: String

    @OptionGroup var overrides: OverrideOptions

    @OptionGroup var options: StudyOptions

    func validate() throws {
        for (key, option) in [("seed", "--seeds"), ("precision", "--precision")] {
            guard let text = overrides.values.first(where: { $0.hasPrefix("\(key)=") }) else {
                continue
            }
            throw ValidationError("--set is \(text), expected \(option) for that; use it")
        }
    }

    func run() throws {
        let recipe = try overrides.load(recipe)
        let schedule = try StudySchedule(of: recipe, from: self.recipe)
        var run = StudyRun(
            options: options, schedule: schedule, source: self.recipe,
            name: StudyTable.name(of: ablation))
        if ablation == .stages, let pair = try recipe.pair {
            run.picture = { StageHeatMap($0, pair: pair, schedule: schedule.name) }
        }
        try options.run("ablate") { processes in
            try run(with: processes) { seeds, precision in
                try Cell.all(
                    ablation, of: recipe, schedule: schedule.name, seeds: seeds,
                    precision: precision)
            }
        }
    }
}

extension Ablation: ExpressibleByArgument {}

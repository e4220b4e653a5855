import RecipeSyntax
import TorchNN

/// The update rule.
public struct OptimizerSettings: Sendable, Equatable {
    /// The update rules a recipe can name.
    public enum Name: String, Sendable, CaseIterable {
        /// Stochastic gradient descent as PyTorch defines it.
        case sgd
    }

    /// The update rule.
    public var name = Name.sgd
    /// The highest rate of the run, above 0; the schedule multiplies it by at most 1.
    public var learningRate: Double
    /// What stays the same throughout the run.
    public var options = SGD.Options()

    static let table = RecipeTable(
        blank: OptimizerSettings(learningRate: 0),
        keys: [
            .optional("name", \.name, .choice, "The update rule."),
            .required(
                "learning_rate", \.learningRate, .positive,
                "The highest rate of the run; the schedule multiplies it by at most 1."),
            .optional(
                "momentum", \.options.momentum, .properFraction,
                "The share of the last update that is kept."),
            .optional(
                "nesterov", \.options.nesterov, .flag,
                "Whether the gradient is taken ahead of the momentum."),
            .optional(
                "weight_decay", \.options.weightDecay, .nonNegative,
                "The L2 penalty on every parameter, batch norms included."),
            .optional(
                "norm_weight_decay", \.options.normalizationWeightDecay, .nonNegative,
                standard: "`weight_decay`",
                "The L2 penalty on the parameters of batch norms."),
            .optional(
                "dot", \.options.dot, .positiveFraction, standard: "one momentum for both",
                "How far the momentum of the labels' gradients lies below `momentum`, and that of the teacher's "
                    + "above it (DOT). The authors take 0.075 on CIFAR-100 and 0.09 on ImageNet."),
        ],
        check: { section, settings in
            let shift = settings.options.dot ?? 0
            let momentum = settings.options.momentum
            guard momentum - shift >= 0, momentum + shift < 1 else {
                throw section.contradiction(
                    "dot",
                    "momentum − dot must be at least 0, and momentum + dot below 1; choose a smaller dot"
                )
            }
            guard !settings.options.nesterov || settings.options.momentum > 0 else {
                throw section.contradiction(
                    "nesterov", "Nesterov momentum needs momentum above 0; set it to false")
            }
        })
}

extension WeightAverage.Options {
    static let table = RecipeTable(
        blank: Self(decay: 0.9999),
        keys: [
            .optional(
                "decay", \.decay, .properFraction,
                "The share that the mean of the student's weights keeps at a step. After t steps it is at "
                    + "most (1 + t) / (10 + t).")
        ])
}

extension LearningRateShape {
    static let table = RecipeCases(
        meaning: "How the learning rate moves.",
        cases: [
            .init("constant", LearningRateShape.constant),
            .init("multistep", MultiStep.table, make: { .multiStep($0) }) {
                if case .multiStep(let steps) = $0 { steps } else { nil }
            },
            .init("onecycle", OneCycle.table, make: { .oneCycle($0) }) {
                if case .oneCycle(let cycle) = $0 { cycle } else { nil }
            },
            .init("cosine", Cosine.table, make: { .cosine($0) }) {
                if case .cosine(let half) = $0 { half } else { nil }
            },
        ])
}

extension LearningRateShape.MultiStep {
    fileprivate static let table = RecipeTable(
        blank: Self(milestones: []),
        keys: [
            .required(
                "milestones", \.milestones, .milestones,
                "the first epochs, counted from 0, at each lower rate."),
            .optional(
                "factor", \.factor, .positiveFraction, "what each milestone multiplies the rate by."
            ),
            .optional(
                "warmup_steps", \.warmupSteps, .integer(atLeast: 0), unwritten: 0,
                "the steps in which the rate rises in a line."),
            .optional(
                "start_factor", \.initialFraction, .fraction,
                unwritten: Self(milestones: []).initialFraction,
                "the share of the rate at the first step of the warm-up."),
        ])
}

extension RecipeRule where Value == [Int] {
    /// Epochs in rising order.
    fileprivate static let milestones: Self = {
        let list = Self.list(of: .integer(atLeast: 1))
        return Self(
            expected: list.expected,
            read: { field in
                // A warm-up may be all that moves the rate.
                if field.elements?.isEmpty == true { return [] }
                let milestones = try field.read(list)
                guard zip(milestones, milestones.dropFirst()).allSatisfy({ $0 < $1 }) else {
                    throw RecipeError.contradiction(
                        field.location, key: field.key,
                        problem: "expected epochs in rising order, found \(milestones)")
                }
                return milestones
            }, text: list.text)
    }()
}

extension LearningRateShape.OneCycle {
    fileprivate static let table = RecipeTable(
        blank: Self(),
        keys: [
            .optional(
                "warmup_fraction", \.warmup, .fraction,
                "the share of the run in which the rate rises."),
            .optional(
                "start_factor", \.initialFraction, .fraction,
                "the share of the highest rate at the start."),
            .optional(
                "final_factor", \.finalFraction, .fraction,
                "the share of the highest rate at the end."),
        ])
}

extension LearningRateShape.Cosine {
    fileprivate static let table = RecipeTable(
        blank: Self(),
        keys: [
            .optional(
                "final_factor", \.finalFraction, .fraction,
                "the share of the highest rate at the end."),
            .optional(
                "warmup_fraction", \.warmup, .properFraction, unwritten: Self().warmup,
                "the share of the run in which the rate rises."),
            .optional(
                "start_factor", \.initialFraction, .fraction, unwritten: Self().initialFraction,
                "the share of the highest rate at the start of the warm-up."),
        ])
}

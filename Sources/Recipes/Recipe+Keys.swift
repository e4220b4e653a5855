import Detectors
import Distillation
import RecipeSyntax
import TorchNN
import VisionData

extension Recipe {
    private static let epochs = RecipeKey.required(
        "epochs", \Recipe.epochs, .integer(atLeast: 1), "The passes over the training images.")

    /// The keys of a recipe in the order of a resolved one.
    static let table = RecipeTable(
        blank: Recipe(
            name: "", description: "", dataset: DatasetSettings.table.blank,
            validation: ValidationSettings(), teacher: nil, student: StudentSettings.table.blank,
            method: MethodSettings(names: [.alone], crossEntropyWeight: 1),
            optimizer: OptimizerSettings.table.blank, schedule: .constant, epochs: 1, batchSize: 1,
            evaluationBatchSize: 1000, seed: 0, precision: nil),
        keys: [
            .required(
                "name", \.name, .name,
                "The name by which the recipe is found; it decides nothing."),
            .required("description", \.description, .text, "What the recipe does, in one line."),
            .section("dataset", \.dataset, DatasetSettings.table),
            .section(
                "validation", \.validation, isRequired: false, ValidationSettings.table),
            .section("teacher", \.teacher, TeacherSettings.table) { recipe in
                var teacher = TeacherSettings.table.blank
                teacher.normalization = recipe.dataset.normalization
                return teacher
            },
            .section("student", \.student, StudentSettings.table),
            .section("detector", \.detector, isRequired: false, DetectorSettings.table)
                .only(where: \.isDetection, otherwise: { "dataset.name is \($0.dataset.images)" }),
            method,
            .section("optimizer", \.optimizer, OptimizerSettings.table),
            .section("schedule", \.schedule, LearningRateShape.table),
            .optional(
                "label_smoothing", \.labelSmoothing, .properFraction, unwritten: 0,
                "The share of a label that is spread evenly over all classes, in training."),
            .section("ema", \.averaging, WeightAverage.Options.table) { _ in
                WeightAverage.Options.table.blank
            },
            epochs,
            .required(
                "batch_size", \.batchSize, .integer(atLeast: 1),
                "The images of a training step; the last batch of an epoch may be smaller."),
            evaluationBatchSize,
            .optional(
                "seed", \.seed, .integer(atLeast: 0, atMost: .max),
                "The origin of every random number of the run."),
            .optional(
                "precision", \.precision, .choice, standard: "what suits the machine",
                "The arithmetic of forward and backward passes."),
            .section("distributed", \.distributed, isRequired: false, DistributedSettings.table),
        ],
        check: { section, recipe in
            try recipe.checkTeacher(section)
            try recipe.checkDetection(section)
            try recipe.checkLength(section)
            try recipe.checkOptimizer(section)
            try recipe.checkSecondView(section)
        })

    /// What a page of the keys says, a line for each.
    package static var keys: [KeyRow] { table.rows }

    /// Photographs are large.
    private static let evaluationBatchSize = RecipeKey<Recipe>(
        name: "evaluation_batch_size",
        read: { section, recipe in
            recipe.evaluationBatchSize =
                try section.optional("evaluation_batch_size", .integer(atLeast: 1))
                ?? recipe.dataset.images.evaluationBatchSize
        },
        entries: {
            [
                RecipeEntry(
                    path: "evaluation_batch_size",
                    value: RecipeRule.integer(atLeast: 1).text($0.evaluationBatchSize))
            ]
        },
        rows: { _ in
            [
                KeyRow(
                    path: "evaluation_batch_size",
                    expected: RecipeRule<Int>.integer(atLeast: 1).expected,
                    standard: "`\(Dataset.cifar100.evaluationBatchSize)`; "
                        + "`\(Dataset.folder.evaluationBatchSize)` for photographs",
                    meaning: "The images that are evaluated at once, without influence on the "
                        + "result.")
            ]
        })

    /// The method's constants depend on the networks and on the length, which stands below it.
    private static let method = RecipeKey<Recipe>(
        name: "method",
        read: { section, recipe in
            try epochs.read(section, &recipe)
            let known = recipe
            recipe.method = try section.required(
                "method", .section { try MethodSettings($0, for: known.use) })
        },
        entries: { $0.method.entries.map { $0.within("method") } },
        rows: { _ in MethodSettings.rows.map { $0.within("method") } })

    /// Decodes a recipe.
    ///
    /// - Parameters:
    ///   - yaml: The text.
    ///   - file: The name of the text's origin, for errors.
    ///   - overrides: Texts `key.path=value`, applied in order before decoding; the value is YAML,
    ///     a list element is named by its index, counted from 0, and `null` removes a key.
    /// - Throws: `RecipeError` at the first value that is not valid.
    public init(yaml: String, file: String, overrides: [String] = []) throws {
        let source = RecipeSource(file: file, text: yaml, overrides: overrides)
        self = try Self.table.read(source.root())
    }

    private func checkTeacher(_ section: RecipeSection) throws {
        let isAlone = method.names == [.alone]
        if isAlone, teacher != nil {
            throw section.unused("teacher", when: "method.name is alone")
        }
        if !isAlone, teacher == nil {
            throw RecipeError.missingKey(
                section.field.location, key: "teacher",
                expected: "a section, since method.name is \(method.name)")
        }
    }

    /// A memory has one place for each image.
    private func checkSecondView(_ section: RecipeSection) throws {
        guard dataset.augmentation.secondView != nil, method.names.contains(.crd) else { return }
        throw section.contradiction("dataset", Self.twoViewsOfOneMemory)
    }

    private func checkOptimizer(_ section: RecipeSection) throws {
        guard optimizer.options.dot != nil, method.names == [.alone] else { return }
        throw section.contradiction(
            "optimizer",
            "dot moves the teacher's gradients apart from the labels', and method.name is alone; remove it, or "
                + "choose a method that distills")
    }

    /// A milestone or warm-up beyond the end would silently change what the recipe promises.
    private func checkLength(_ section: RecipeSection) throws {
        func error(_ key: String, _ what: String) -> RecipeError {
            .afterTheEnd(
                section.location(of: key), key: section.path(to: key), what: what, epochs: epochs,
                isOverridden: section.location(of: "epochs").isOverride)
        }
        if case .multiStep(let steps) = schedule, let last = steps.milestones.last, last >= epochs {
            throw error("schedule", "has its last milestone at \(last)")
        }
        for warmup in method.warmupEpochs where warmup > 0 && warmup >= epochs {
            throw error("method", "warms up over \(warmup) epochs")
        }
    }
}

extension Recipe {
    /// The path of the value that somebody means who gives its name alone, as `lr`.
    ///
    /// - Parameter name: the name here or in another program.
    /// - Returns: the path for an override; nil for a name that is not known.
    public static func path(ofValue name: String) -> String? { KeyNames.path(of: name) }
}

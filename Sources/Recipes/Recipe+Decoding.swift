import Basics
import Distillation
import VisionModels
import Yams

extension Recipe {
    private enum Key: String, CaseIterable {
        case name, description, dataset, validation, teacher, student, method, optimizer, schedule
        case epochs
        case batchSize = "batch_size"
        case evaluationBatchSize = "evaluation_batch_size"
        case seed, precision
    }

    /// Decodes a recipe.
    ///
    /// - Parameters:
    ///   - yaml: The text.
    ///   - file: The name of the text's origin, for errors.
    ///   - overrides: Options `key.path=value`, applied in order before decoding; the value is YAML,
    ///     a list element is named by its index, counted from 0, and `null` removes a key.
    /// - Throws: `RecipeError` at the first value that is not valid.
    public init(yaml: String, file: String, overrides: [String] = []) throws {
        let source = RecipeSource(file: file, text: yaml, overrides: overrides)
        let section = try RecipeSection<Key>(source.root())
        name = try section.required(.name, .name)
        description = try section.required(.description, .text)
        let dataset = try section.required(.dataset, .section(read: DatasetSettings.init))
        self.dataset = dataset
        validation =
            try section.optional(.validation, .section(read: ValidationSettings.init))
            ?? ValidationSettings(split: 0)
        let teacher = try section.optional(
            .teacher, .section { try TeacherSettings($0, default: dataset.normalization) })
        let student = try section.required(.student, .section(read: StudentSettings.init))
        let epochs = try section.required(.epochs, .integer(atLeast: 1))
        self.teacher = teacher
        self.student = student
        self.epochs = epochs
        method = try section.required(
            .method,
            .section {
                try MethodSettings($0) {
                    MethodUse(
                        names: $0, teacher: teacher?.model, student: student.model, epochs: epochs)
                }
            })
        optimizer = try section.required(.optimizer, .section(read: OptimizerSettings.init))
        schedule = try section.required(.schedule, .section(read: ScheduleSettings.init))
        batchSize = try section.required(.batchSize, .integer(atLeast: 1))
        evaluationBatchSize =
            try section.optional(.evaluationBatchSize, .integer(atLeast: 1)) ?? 1000
        seed = try section.optional(.seed, .integer(atLeast: 0, atMost: .max)) ?? 0
        precision = try section.optional(.precision, .choice)
        try checkTeacher(section)
        try checkLength(section)
    }

    private func checkTeacher(_ section: RecipeSection<Key>) throws {
        let isAlone = method.names == [.alone]
        if isAlone, teacher != nil {
            throw section.contradiction(
                .teacher,
                "is not used when method.name is alone; \(RecipeField.removal(of: "teacher"))")
        }
        if !isAlone, teacher == nil {
            throw RecipeError.missingKey(
                section.field.location, key: Key.teacher.rawValue,
                expected: "a section, since method.name is \(method.name)")
        }
    }

    /// A milestone or warm-up beyond the end would silently change what the recipe promises.
    private func checkLength(_ section: RecipeSection<Key>) throws {
        var remedy = "but epochs is \(epochs); lower it, or raise epochs"
        if case .override = section[.epochs]?.location {
            remedy +=
                " (train and distill rescale both by --epochs \(epochs) in place of "
                + "--set epochs=\(epochs))"
        }
        if case .multistep(let milestones, _) = schedule, let last = milestones.last, last >= epochs
        {
            throw section.contradiction(.schedule, "has its last milestone at \(last), \(remedy)")
        }
        for warmup in method.warmupEpochs where warmup > 0 && warmup >= epochs {
            throw section.contradiction(.method, "warms up over \(warmup) epochs, \(remedy)")
        }
    }
}

extension DatasetSettings {
    private enum Key: String, CaseIterable { case name, normalization, augmentation }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        name = try section.required(.name, .choice)
        normalization =
            switch name {
            case .cifar100: try section.optional(.normalization, .normalization) ?? .cifar100
            case .cifar10: try section.optional(.normalization, .normalization) ?? .cifar10
            case .procedural: try section.required(.normalization, .normalization)
            }
        augmentation =
            try section.optional(.augmentation, .section(read: AugmentationSettings.init))
            ?? AugmentationSettings(cropPadding: 4, flip: true)
    }
}

extension RecipeRule where Value == NormalizationSettings {
    private enum Key: String, CaseIterable { case mean, std }

    static let normalization = Self(
        expected: "one of cifar100, cifar10, or a section with the keys mean, std",
        nearest: { NearestName.find($0, among: ["cifar100", "cifar10"]) }
    ) { field in
        switch field.node.scalar?.string {
        case "cifar100": return .cifar100
        case "cifar10": return .cifar10
        case .some: return nil
        case nil:
            let section = try RecipeSection<Key>(field)
            return .custom(
                mean: try section.required(.mean, .channels(.mean)),
                std: try section.required(.std, .channels(.deviation)))
        }
    }
}

extension AugmentationSettings {
    private enum Key: String, CaseIterable {
        case cropPadding = "crop_padding"
        case flip
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        cropPadding =
            try section.optional(.cropPadding, .integer(atLeast: 0, atMost: 1024)) ?? 4
        flip = try section.optional(.flip, .flag) ?? true
    }
}

extension ValidationSettings {
    private enum Key: String, CaseIterable { case split }

    init(_ field: RecipeField) throws {
        split = try RecipeSection<Key>(field).required(.split, .integer(atLeast: 0))
    }
}

extension TeacherSettings {
    private enum Key: String, CaseIterable {
        case model
        case batchNorm = "batch_norm"
        case normalization
    }

    init(_ field: RecipeField, default normalization: NormalizationSettings) throws {
        let section = try RecipeSection<Key>(field)
        model = try section.required(.model, .model)
        batchNorm = try section.optional(.batchNorm, .choice) ?? .frozen
        self.normalization = try section.optional(.normalization, .normalization) ?? normalization
    }
}

extension StudentSettings {
    private enum Key: String, CaseIterable { case model }

    init(_ field: RecipeField) throws {
        model = try RecipeSection<Key>(field).required(.model, .model)
    }
}

extension OptimizerSettings {
    private enum Key: String, CaseIterable {
        case name
        case learningRate = "learning_rate"
        case momentum, nesterov
        case weightDecay = "weight_decay"
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        name = try section.optional(.name, .choice) ?? .sgd
        learningRate = try section.required(.learningRate, .positive)
        momentum = try section.optional(.momentum, .properFraction) ?? 0.9
        nesterov = try section.optional(.nesterov, .flag) ?? true
        weightDecay = try section.optional(.weightDecay, .nonNegative) ?? 0.0005
        guard !nesterov || momentum > 0 else {
            throw section.contradiction(
                .nesterov, "Nesterov momentum needs momentum above 0; set it to false")
        }
    }
}

extension MethodSettings {
    /// The warm-ups that count epochs.
    fileprivate var warmupEpochs: [Int] {
        let review: [Int] =
            if case .epochs(let epochs) = review?.warmup { [epochs] } else { [] }
        return review + (constants[.dkd].map { [Int($0["warmup_epochs"])] } ?? [])
    }
}

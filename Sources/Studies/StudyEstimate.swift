import Basics
import Distillation
import Recipes
import StepTiming
import TensorFiles
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// What a study would do, and how long that takes.
public struct StudyEstimate: Sendable {
    /// One cell of the plan.
    public struct Line: Sendable, Encodable {
        /// Teacher and student, or the teacher alone.
        public let pair: String

        /// The method, or `teacher`.
        public let method: String

        /// The origin of the run's random numbers.
        public let seed: Int

        /// The schedule's name.
        public let schedule: String

        /// Whether it has a result already.
        public let done: Bool

        /// How many steps the whole run has, those that a begun one has done included.
        public let steps: Int

        /// How many steps are left; none of what is done, or is the same run as a cell above.
        public var stepsLeft = 0

        /// Seconds that are left, evaluation included.
        public var seconds = 0.0

        enum CodingKeys: String, CodingKey {
            case pair, method, seed, schedule, done, steps, seconds
            case stepsLeft = "steps_left"
        }
    }

    /// The cells, missing teachers first.
    public private(set) var lines: [Line] = []

    /// How many steps the runs that are left have in all, a run that stands for several cells once.
    public private(set) var steps = 0

    /// Seconds that are left in all, as measured on this machine.
    public private(set) var seconds = 0.0

    /// Bytes that weights and checkpoints will take beside what is there.
    public private(set) var diskBytes = 0
}

extension Study {
    /// Plans without training: measures a few steps of each kind of run.
    ///
    /// Without a folder of data the published data set's numbers of images count.
    ///
    /// - Parameter remark: called with what is being measured.
    /// - Returns: the plan.
    /// - Throws: where the data cannot be used, networks cannot be made or matched, or memory does not
    ///   suffice.
    public func estimate(remark: (String) -> Void) throws -> StudyEstimate {
        var estimate = StudyEstimate()
        var measured: [String: RunCost] = [:]
        let open = pending
        try requireNormalizations(of: open)
        let images = try imageCounts()
        try openTeachers(for: open, classCount: images.classCount)
        let teachers = try missingTeachers(for: open)
        self.remark(missing: teachers)
        var largestCheckpoint = 0
        var runs: Set<String> = []
        for cell in teachers + cells {
            let recipe = cell.recipe
            try recipe.requireSplit(of: images.trainingImages)
            let length = RunLength(
                imagesPerEpoch: images.trainingImages - recipe.validation.split,
                batchSize: recipe.batchSize, epochs: recipe.epochs)
            let steps = length.steps
            var line = StudyEstimate.Line(
                pair: cell.key.pair, method: cell.key.method, seed: cell.key.seed,
                schedule: cell.key.schedule, done: try !cell.isTeacher && result(of: cell) != nil,
                steps: steps)
            // Cells that are the same run cost it once.
            if !line.done, runs.insert(recipe.digest).inserted {
                var kind = recipe
                kind.seed = 0
                let cost =
                    try measured[kind.digest]
                    ?? {
                        remark("measuring \(cell.key.pair), \(cell.key.method)")
                        return try RunCost(
                            kind, precision: settings.precision, device: settings.device,
                            usesGraph: settings.usesGraph, adaptsThreads: settings.adaptsThreads)
                    }()
                measured[kind.digest] = cost
                let begun = min(RunFolder.savedSteps(in: folder(of: cell)) ?? 0, steps)
                let epochs = recipe.epochs - begun / length.stepsPerEpoch
                line.stepsLeft = steps - begun
                line.seconds = cost.seconds(
                    trained: length.images(in: begun..<steps),
                    evaluated: epochs * (images.testImages + recipe.validation.split))
                estimate.add(line.stepsLeft, line.seconds, weights: cost.weightBytes)
                largestCheckpoint = max(largestCheckpoint, cost.checkpointBytes)
            }
            estimate.add(line)
        }
        // Two checkpoints of each running cell live side by side while one is written.
        let running = min(
            runs.count, settings.jobs * (settings.device == .cpu ? settings.together : 1))
        estimate.add(0, 0, weights: 2 * running * largestCheckpoint)
        return estimate
    }

    private func imageCounts() throws -> Dataset.Facts {
        let dataset = cells.first?.recipe.dataset.images ?? .cifar100
        // A folder may hold a part of the published images.
        if settings.data == nil, dataset.needsFolder, let facts = dataset.facts { return facts }
        let data = try TrainingData(dataset, from: settings.data, device: .cpu)
        try requireImages(data)
        return Dataset.Facts(
            trainingImages: data.train.count, testImages: data.test.count,
            classCount: data.test.classCount)
    }
}

extension StudyEstimate {
    fileprivate mutating func add(_ line: Line) { lines.append(line) }

    fileprivate mutating func add(_ steps: Int, _ seconds: Double, weights: Int) {
        self.steps += steps
        self.seconds += seconds
        diskBytes += weights
    }
}

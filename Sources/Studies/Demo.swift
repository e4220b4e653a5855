import Basics
import Distillation
import Foundation
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// The demonstration: one teacher, and one student trained three ways, on images drawn on the spot or on
/// one's own photographs.
///
/// Everything is trained while the user watches. The three methods share schedule, order of the
/// data and, for each seed, initial weights.
public struct Demo {
    /// What the demo tells while it runs.
    public enum Event {
        /// The teacher is done, with its test accuracy in percent.
        case teacher(top1: Double)

        /// A student is done.
        case student(Method, seed: Int, top1: Double)

        /// A run goes on.
        case training(TrainingEvent)
    }

    /// The ways to train the student.
    public enum Method: String, CaseIterable, Sendable, Encodable {
        case alone, kd, reviewkd

        fileprivate var name: MethodSettings.Name {
            switch self {
            case .alone: .alone
            case .kd: .kd
            case .reviewkd: .reviewkd
            }
        }
    }

    /// A student of the first seed, as it is after its training.
    public struct Student {
        /// How it was trained.
        public let method: Method

        /// What it did.
        public let recipe: Recipe

        /// The records of its epochs.
        public let history: [EpochRecord]

        /// The method around it.
        public let distiller: any Distiller<Tensor>

        /// Its network.
        public let network: any Backbone
    }

    /// What came out.
    public struct Outcome {
        /// The students' accuracies by method.
        public let accuracies: [Method: Accuracies]

        /// The students of the first seed.
        public let students: [Student]

        /// The test images.
        public let test: any ImageSource
    }

    private let photographs: String?
    private let seeds: [Int]
    private let precision: Precision
    private let device: Device
    private let processes: any ProcessGroup
    private let usesGraph: Bool
    private let adaptsThreads: Bool
    private let interruption: @Sendable () -> Int32
    private let report: (Event) -> Void

    /// Prepares the demo.
    ///
    /// - Parameters:
    ///   - photographs: a folder with `train` and `val`, seen at the size of the demo's networks; nil for
    ///     drawn images.
    ///   - seeds: of the students' initial weights and data order; at least one.
    ///   - precision: of all forward passes.
    ///   - device: where to compute.
    ///   - processes: those that train every network together, and all do the demo.
    ///   - usesGraph: whether a card runs a step as one graph.
    ///   - adaptsThreads: whether the CPU's threads follow what the machine has to give.
    ///   - interruption: a signal that asks to end, 0 for none.
    ///   - report: called with everything that happens.
    public init(
        photographs: String? = nil, seeds: [Int], precision: Precision, device: Device = .cpu,
        processes: any ProcessGroup = SingleProcess(), usesGraph: Bool = true,
        adaptsThreads: Bool = false,
        interruption: @escaping @Sendable () -> Int32, report: @escaping (Event) -> Void
    ) {
        self.photographs = photographs
        self.seeds = seeds
        self.precision = precision
        self.device = device
        self.processes = processes
        self.usesGraph = usesGraph
        self.adaptsThreads = adaptsThreads
        self.interruption = interruption
        self.report = report
    }

    /// Trains the teacher and all students.
    ///
    /// - Returns: what came out; nil when a signal ended the demo.
    /// - Throws: what training and opening the photographs throw.
    public func run() throws -> Outcome? {
        let teacher = try recipe("demo/teacher")
        let pair = try recipe("demo/student")
        let data = try TrainingData(
            teacher.dataset, from: photographs, device: device,
            reading: PhotographReading().divided(among: processes.localSize)
        ) { report(.training(.remark($0))) }
        let network = try teacher.makeStudent(classCount: data.train.classCount, device: device)
        guard
            let history = try train(
                teacher, TaughtStudent(student: network, precision: precision), data)
        else { return nil }
        report(.teacher(top1: Self.accuracy(history)))
        var values: [Method: [Double]] = [:]
        var students: [Student] = []
        for seed in seeds {
            for method in Method.allCases {
                var recipe = try pair.taught(by: [method.name])
                recipe.seed = seed
                let student = try recipe.makeStudent(
                    classCount: data.train.classCount, device: device)
                let distiller = try recipe.makeDistiller(
                    student: student, teacherNetwork: network, precision: precision)
                guard let history = try train(recipe, distiller, data) else { return nil }
                let accuracy = Self.accuracy(history)
                values[method, default: []].append(accuracy)
                report(.student(method, seed: seed, top1: accuracy))
                guard seed == seeds.first else { continue }
                students.append(
                    Student(
                        method: method, recipe: recipe, history: history, distiller: distiller,
                        network: student))
            }
        }
        return Outcome(
            accuracies: values.mapValues(Accuracies.init), students: students, test: data.test)
    }

    private static func accuracy(_ history: [EpochRecord]) -> Double {
        history.last?.test?["top1"] ?? 0
    }

    /// A recipe of the demo, on the photographs where there are some.
    private func recipe(_ name: String) throws -> Recipe {
        var recipe = try Recipe.load(nameOrPath: name)
        guard photographs != nil else { return recipe }
        let size = try Architecture(named: recipe.student.model).imageSize
        recipe.dataset.images = .folder
        recipe.dataset.normalization = .custom(.imagenet)
        recipe.dataset.augmentation = Augmentation(cropPadding: 0)
        recipe.dataset.photographs.imageSize = size
        recipe.teacher?.normalization = recipe.dataset.normalization
        recipe.evaluationBatchSize = Dataset.folder.evaluationBatchSize
        return recipe
    }

    private func train(
        _ recipe: Recipe, _ distiller: any Distiller<Tensor>, _ data: TrainingData
    ) throws -> [EpochRecord]? {
        var recipe = recipe
        recipe.precision = precision
        var options = RunOptions()
        options.device = device
        options.processes = processes
        options.usesGraph = usesGraph
        options.adaptsThreads = adaptsThreads
        options.interruption = interruption
        options.evaluatesEveryEpoch = false
        let trainer = try Trainer(
            recipe: recipe, data: data, distiller: distiller, options: options
        ) { report(.training($0)) }
        guard case .finished = try trainer.run() else { return nil }
        return trainer.history
    }
}

import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation
@testable import Torch

/// How a task is computed: in float64 unless a test says otherwise.
struct Arithmetic {
    var dtype = DType.float64
    var format = MemoryFormat.contiguous
    var precision = Precision.float32

    static let golden = Arithmetic()
    static let bfloat16 = Arithmetic(
        dtype: .float32, format: .channelsLast, precision: .bfloat16)

    /// PyTorch's autocast, in the layout that its users get unasked.
    static let autocast = Arithmetic(dtype: .float32, precision: .bfloat16)
}

extension Filled {
    func tensor(_ arithmetic: Arithmetic = .golden) -> Tensor {
        let tensor = Tensor.hashed(
            key, shape: shape, scale: scale ?? 1, dtype: arithmetic.dtype)
        return shape.count == 4 ? tensor.contiguous(arithmetic.format) : tensor
    }
}

extension Module {
    /// Fills the state by the rule and takes over running statistics.
    fileprivate func fill(
        base: Int, runningStats: [String: [Double]], _ arithmetic: Arithmetic
    ) throws {
        convert(dtype: arithmetic.dtype)
        let state = stateDict()
        state.fillWithHash(base: base)
        let replaced = state.map { entry in
            runningStats[entry.name].map { NamedTensor(entry.name, Tensor($0)) } ?? entry
        }
        let unknown = Set(runningStats.keys).subtracting(state.map(\.name))
        let extra = unknown.map { NamedTensor($0, Tensor([Double]())) }
        try load(stateDict: replaced + extra)
        convert(format: arithmetic.format)
    }
}

extension ForwardFile {
    /// The model of the file, in evaluation mode.
    func network(_ arithmetic: Arithmetic = .golden) throws -> any Backbone {
        let network = try Architecture(named: model).make(
            classCount: logitsSummary.size(1), generator: Generator(seed: 0))
        try network.fill(base: 0, runningStats: runningStats, arithmetic)
        network.eval()
        return network
    }
}

/// The first steps of ReviewKD between two networks that are filled by the rule.
struct PairTask {
    let distiller: TaughtStudent<Tensor>
    private let student: any Backbone
    private let teacher: any Backbone
    private let review: ReviewKD
    private let file: PairFile
    private let imageSize: Int
    private let arithmetic: Arithmetic

    init(_ file: PairFile, _ arithmetic: Arithmetic = .golden) throws {
        self.file = file
        self.arithmetic = arithmetic
        let generator = Generator(seed: 0)
        func network(_ name: String) throws -> any Backbone {
            let architecture = try Architecture(named: name)
            return architecture.make(classCount: architecture.classCount, generator: generator)
        }
        let student = try network(file.student)
        let teacher = try network(file.teacher)
        try teacher.fill(base: 5000, runningStats: file.teacherRunningStats, arithmetic)
        imageSize = try file.imageSize ?? Architecture(named: file.student).imageSize
        var options = ReviewOptions()
        options.midChannels = file.midChannels
        let review = try ReviewModule(
            student: student.levels, teacher: teacher.levels,
            matching: StageMatching(student: student.levels, teacher: teacher.levels),
            options: options, generator: generator)
        for module in [student, review] as [any Module] {
            module.convert(dtype: arithmetic.dtype, format: arithmetic.format)
        }
        self.teacher = teacher
        self.student = student
        self.review = ReviewKD(
            review: review,
            settings: ReviewKD.Settings(
                weight: file.weight, studentPreactivations: file.studentPreactivations ?? false))
        distiller = TaughtStudent(
            student: student, teacher: Teacher(teacher, precision: arithmetic.precision),
            terms: [self.review], precision: arithmetic.precision)
        distiller.stateDict().fillWithHash(base: 0)
    }

    /// What the two networks and `ReviewKD` make of a batch: the terms of `TaughtStudent.losses`, and
    /// the features between.
    func forward(step: Int) -> Forward {
        let batch = batch(step: step)
        return distiller.observe(batch) { lesson, observation in
            guard let observation else { preconditionFailure("PairTask: without a teacher") }
            let pairs = review.pairs(of: observation)
            return forward(lesson.features, pairs, review.distance(of: pairs), batch)
        }
    }

    /// The same by `PlainLayers`, under autocast where the arithmetic says so.
    func plainForward(step: Int) -> Forward {
        let batch = batch(step: step)
        return withAutocast(arithmetic.precision.autocast, on: .cpu) {
            let targets = withoutGrad { teacher.features(batch.images, by: PlainLayers()) }
            let features = student.features(batch.images, by: PlainLayers())
            let pairs = review.review.plainPairs(
                student: file.studentPreactivations == true
                    ? features.preactivationLevels : features.levels,
                teacher: targets.preactivationLevels)
            let distances = pairs.map { plainContextLoss($0.student, $0.teacher) }
            let sum = distances.dropFirst().reduce(distances[0], +)
            return forward(features, pairs, sum, batch)
        }
    }

    /// Of the terms, once the warm-up is over.
    var weights: [Double] { [1, file.weight] }

    func batch(step: Int) -> Batch<Tensor> {
        let images = Filled(
            key: 2_000_003 + step, shape: [file.batch, 3, imageSize, imageSize], scale: 1.5)
        return Batch(
            images: images.tensor(arithmetic),
            targets: Tensor((0..<file.batch).map { Int64(7 * $0 % 100) }),
            indices: Tensor.arange(0..<file.batch))
    }

    /// What both networks made of a batch.
    typealias Forward = (
        terms: LossTerms, pairs: [(student: Tensor, teacher: Tensor)], logits: Tensor
    )

    private func forward(
        _ features: FeaturePyramid, _ pairs: [(student: Tensor, teacher: Tensor)],
        _ review: Tensor, _ batch: Batch<Tensor>
    ) -> Forward {
        var terms = LossTerms()
        terms.add("cross_entropy", features.scores.crossEntropy(batch.targets))
        terms.add("review", review)
        return (terms, pairs, features.scores)
    }
}

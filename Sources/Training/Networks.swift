import Basics
import Distillation
import NetworkFiles
import Recipes
import TensorFiles
import Torch
import TorchNN
import VisionData
import VisionModels

extension Recipe {
    /// The learning rate as a function of progress.
    var learningRateSchedule: LearningRateSchedule {
        LearningRateSchedule(peak: optimizer.learningRate, shape: schedule)
    }

    /// A stream of random numbers for one purpose of this run.
    package func generator(_ purpose: UInt64) -> Generator {
        var random = CounterRandom(UInt64(seed), purpose)
        return Generator(seed: random.next())
    }

    /// The student with its initial weights, the same for every method.
    ///
    /// - Throws: `ModelError` where the model does not exist.
    public func makeStudent(classCount: Int, device: Device) throws -> any Backbone {
        let network = try Architecture(named: student.model)
            .make(classCount: classCount, generator: generator(10))
        network.convert(device: device, format: .channelsLast)
        network.train()
        return network
    }

    /// The method of this recipe around a student and the teacher's network.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacherNetwork: the trained teacher; nil for a student alone.
    ///   - precision: of both forward passes.
    ///   - images: what a method may have to know of the training images.
    ///   - remark: called with what a user should know about the choices.
    /// - Returns: the method, ready for the first step.
    /// - Throws: `DistillationError` where the two cannot be matched.
    public func makeDistiller(
        student: any Backbone, teacherNetwork: (any Backbone)?, precision: Precision,
        images: ImageFacts = ImageFacts(), remark: (String) -> Void = { _ in }
    ) throws -> any Distiller<Tensor> {
        let teacher = teacherNetwork.flatMap { makeTeacher($0, precision: precision) }
        return try makeDistiller(
            student: student, teacher: teacher, precision: precision, images: images,
            remark: remark)
    }

    /// The method of this recipe around networks that were not trained, to see whether it can be made, how
    /// large it is or how long it takes.
    ///
    /// - Parameters:
    ///   - classCount: of both networks.
    ///   - precision: of both forward passes.
    ///   - device: where they are.
    ///   - images: what a method may have to know of the training images.
    ///   - remark: called with what a user should know about the choices.
    /// - Returns: the method, ready for the first step.
    /// - Throws: `ModelError` where a model does not exist, `DistillationError` where the two cannot be
    ///   matched, `TrainingError.noUntrainedProgram`.
    package func makeUntrainedDistiller(
        classCount: Int, precision: Precision, device: Device, images: ImageFacts,
        remark: (String) -> Void = { _ in }
    ) throws -> any Distiller<Tensor> {
        if let teacher, teacher.isProgram { throw TrainingError.noUntrainedProgram }
        let network = try teacher.map {
            try Architecture(named: $0.model).make(classCount: classCount, generator: generator(13))
        }
        network?.convert(device: device, format: .channelsLast)
        return try makeDistiller(
            student: makeStudent(classCount: classCount, device: device), teacherNetwork: network,
            precision: precision, images: images, remark: remark)
    }

    /// The method of this recipe around a student and a teacher.
    ///
    /// - Parameters:
    ///   - student: in training mode.
    ///   - teacher: as `makeTeacher` gives it; nil for a student alone.
    ///   - precision: of both forward passes.
    ///   - images: what a method may have to know of the training images.
    ///   - remark: called with what a user should know about the choices.
    /// - Returns: the method, ready for the first step.
    /// - Throws: `DistillationError` where the two cannot be matched, `TrainingError.noTeacher` where the
    ///   method needs one.
    public func makeDistiller(
        student: any Backbone, teacher: Teacher?, precision: Precision,
        images: ImageFacts = ImageFacts(), remark: (String) -> Void = { _ in }
    ) throws -> any Distiller<Tensor> {
        guard method.names != [.alone] else {
            return TaughtStudent(
                student: student, labelSmoothing: labelSmoothing, precision: precision)
        }
        guard let teacher, let network = teacher.classifier else {
            throw TrainingError.noTeacher(method: method.name)
        }
        return TaughtStudent(
            student: student, teacher: teacher,
            terms: try makeTerms(
                student: student, teacher: network, images: images, remark),
            crossEntropyWeight: method.crossEntropyWeight, labelSmoothing: labelSmoothing,
            precision: precision)
    }

    /// Opens the teacher's file: a network of the list with the file's weights, or a program.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - key: where in a file of weights they are.
    ///   - form: how a program is stored, of which code is executed here; nil for a file of weights.
    ///   - classCount: the number of logits.
    ///   - imageSize: height and width of the images, in pixels.
    ///   - device: where the network will live.
    ///   - remark: called with what a user should know about what was taken.
    /// - Returns: the network in evaluation mode; nil where the recipe has no teacher.
    /// - Throws: as `loadNetwork`; `TeacherProgramError`, `TrainingError.noProgram` or
    ///   `TrainingError.programKeepsStatistics`.
    public func openTeacher(
        _ path: String, key: WeightsKey = WeightsKey(), program form: TensorProgram.Form?,
        classCount: Int, imageSize: Int, device: Device,
        remark: (WeightsRemark) -> Void = { _ in }
    ) throws -> (any Backbone)? {
        guard let teacher else { return nil }
        guard teacher.isProgram else {
            return try loadNetwork(
                teacher.model, weights: path, key: key, classCount: classCount, device: device,
                remark: remark)
        }
        guard let form else { throw TrainingError.noProgram(path: path) }
        guard teacher.batchNorm == .frozen else { throw TrainingError.programKeepsStatistics }
        return try TeacherProgram(
            path: path, form: form, imageSize: imageSize, classCount: classCount, device: device)
    }

    /// The teacher that this recipe makes of a network; nil where it has none.
    ///
    /// - Parameters:
    ///   - network: with its trained weights, on its device.
    ///   - precision: of its forward pass.
    ///   - remembers: whether several students are to share it, which see the same batches.
    /// - Returns: the teacher.
    public func makeTeacher(
        _ network: any PyramidNetwork, precision: Precision, remembers: Bool = false
    ) -> Teacher? {
        teacher.map { settings in
            Teacher(
                network, mode: settings.batchNorm, precision: precision,
                renormalization: renormalization, remembers: remembers)
        }
    }

    package func makeReview(
        _ review: ReviewSettings, student: any PyramidNetwork, teacher: any PyramidNetwork,
        _ remark: (String) -> Void
    ) throws -> ReviewModule {
        let matching =
            if let stages = review.stages {
                try StageMatching(
                    links: stages.flatMap(\.links), atLeast: review.options.residual ? 2 : 1,
                    student: student.levels, teacher: teacher.levels)
            } else {
                try StageMatching(student: student.levels, teacher: teacher.levels)
            }
        if let text = matching.remark { remark(text) }
        let module = try ReviewModule(
            student: student.levels, teacher: teacher.levels, matching: matching,
            options: review.options, generator: generator(11))
        module.convert(device: student.device, format: .channelsLast)
        return module
    }

    private var renormalization: Teacher.Renormalization? {
        let given = studentNormalization
        let wanted = teacherNormalization
        guard given != wanted else { return nil }
        return Teacher.Renormalization(
            mean: given.mean, deviation: given.deviation, teacherMean: wanted.mean,
            teacherDeviation: wanted.deviation)
    }
}

import Foundation
import Torch
import TorchNN
import VisionModels

/// Contrastive representation distillation (CRD): an image's embedding in one network is to be told
/// from those of other images in the other network.
///
/// Two memories hold the embeddings of all training images. For each image of the batch, its own
/// entry and `negatives` entries of other classes are scored against its new embedding, in both
/// directions.
///
/// The scores against the whole memory are one product, from which the sampled ones are taken; a copy
/// of the sampled entries, as in the authors' code, would take a gigabyte for a batch of 128.
///
/// Reference: Tian et al., *Contrastive Representation Distillation*, ICLR 2020,
/// <https://arxiv.org/abs/1910.10699>, section 3.2 and appendix; negatives as by its `exact` mode.
public final class ContrastiveRepresentationDistillation: DistillationMethod {
    /// `crd`.
    public static let name = "crd"

    /// In one sentence.
    public static let summary = "Contrastive representation distillation, with a memory."

    private let settings: Settings
    let contrast: Contrast

    /// The term's constants.
    public struct Settings: Sendable, Equatable {
        /// How many numbers an embedding has.
        public var width = 128

        /// How many images of other classes each image is told from.
        public var negatives = 16_384

        /// τ, by which scores are divided.
        public var temperature = 0.07

        /// The share of the former entry in a memory.
        public var momentum = 0.5

        /// The weight of the term.
        public var weight = 0.8

        /// The published constants.
        public init() {}
    }

    /// The constants' keys in recipes.
    public static let constants: [MethodConstant<Settings>] = [
        .whole("width", \.width, 1...largestWidth, "The count of numbers in an embedding."),
        .whole(
            "negatives", \.negatives, 1...largestConstant,
            "The images of other classes that each image is told from."),
        .number(
            "temperature", \.temperature, .positive, "The number by which scores are divided."),
        .number(
            "momentum", \.momentum, .fraction, "The share of the former entry in a memory."),
        .weight(\.weight),
    ]

    /// The defaults of mdistiller and RepDistiller, with which the published rows were made.
    public static func published(for use: MethodUse) -> Settings {
        Settings()
    }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - studentWidth: of the student's pooled features.
    ///   - teacherWidth: of the teacher's pooled features.
    ///   - labels: the class of every training image, by its position in the set; nil where it is held out
    ///     for validation, so that nothing is learnt of it.
    ///   - settings: the constants.
    ///   - seed: the origin of embeddings, memories and samples.
    ///   - device: where it lives.
    /// - Throws: `DistillationError.oneClass` where a class has no image outside of it.
    public init(
        studentWidth: Int, teacherWidth: Int, labels: [Int?], settings: Settings = Settings(),
        seed: UInt64, device: Device = .cpu
    ) throws(DistillationError) {
        self.settings = settings
        contrast = Contrast(
            studentWidth, teacherWidth, settings, try NegativeSampler(labels: labels, seed: seed),
            places: labels.count, generator: Generator(seed: seed))
        contrast.convert(device: device)
    }

    /// Makes the term at a place.
    public convenience init(
        _ settings: Settings, in place: MethodPlace
    ) throws(DistillationError) {
        try self.init(
            studentWidth: place.student.pooledChannels, teacherWidth: place.teacher.pooledChannels,
            labels: place.images.labels, settings: settings, seed: place.seed,
            device: place.student.device)
    }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }

    /// The projections and the memories.
    public var modules: [any Module] { [contrast] }

    /// Yes, an embedding of each.
    public var remembersImages: Bool { true }

    /// The embeddings' parameters.
    public var trainableParameters: [NamedTensor] {
        contrast.parameters().map { $0.prefixed("crd") }
    }

    /// Embeddings, memories, and the place in the sequence of samples.
    public func stateDict() -> [NamedTensor] { contrast.stateDict().map { $0.prefixed("crd") } }

    /// Both directions, and the memories' update.
    public func callAsFunction(_ observation: Observation) -> Tensor {
        inFullPrecision(on: observation.device) {
            contrast(
                student: observation.student.pooledRows.full,
                teacher: observation.teacher.pooledRows.full,
                positions: observation.indices, targets: observation.labels)
        }
    }
}

/// The learned embeddings and the two memories of CRD.
final class Contrast: Module {
    let embedS: Linear
    let embedT: Linear
    @Buffer var studentMemory: Tensor
    @Buffer var teacherMemory: Tensor

    /// The normalising constants of the two directions, 0 before the first batch, `[2]`.
    @Buffer var constants: Tensor
    let sampler: NegativeSampler
    private let settings: ContrastiveRepresentationDistillation.Settings

    init(
        _ studentWidth: Int, _ teacherWidth: Int,
        _ settings: ContrastiveRepresentationDistillation.Settings, _ sampler: NegativeSampler,
        places: Int, generator: Generator
    ) {
        let width = settings.width
        func memory() -> Tensor {
            let bound = (3 / Double(width)).squareRoot()
            return Tensor.empty([places, width])
                .fillUniform(in: -bound..<bound, generator: generator)
        }
        embedS = Linear(studentWidth, width, generator: generator)
        embedT = Linear(teacherWidth, width, generator: generator)
        studentMemory = memory()
        teacherMemory = memory()
        constants = Tensor.zeros([2])
        self.sampler = sampler
        self.settings = settings
    }

    /// The loss of both directions, with the memories' update.
    ///
    /// - Parameters:
    ///   - student: pooled features `[N, C]`.
    ///   - teacher: pooled features `[N, C]`.
    ///   - positions: of the images in the training set, int64 `[N]`.
    ///   - targets: their classes, int64 `[N]`.
    /// - Returns: a scalar.
    func callAsFunction(
        student: Tensor, teacher: Tensor, positions: Tensor, targets: Tensor
    ) -> Tensor {
        let student = embedS(student).normalized(1)
        let teacher = embedT(teacher).normalized(1)
        let places = sampler(positions, targets: targets, count: settings.negatives)
        let loss =
            direction(student, against: teacherMemory, places, 0)
            + direction(teacher, against: studentMemory, places, 1)
        withoutGrad {
            update(studentMemory, with: student, at: positions)
            update(teacherMemory, with: teacher, at: positions)
        }
        return loss
    }

    /// The loss of embeddings `[N, width]` against a memory's entries at `[N, 1 + negatives]`.
    private func direction(
        _ embeddings: Tensor, against memory: Tensor, _ places: Tensor, _ index: Int
    ) -> Tensor {
        let images = Double(sampler.imageCount)
        // The memory moves on within the step, and the gradient needs it as it was.
        let scores = (embeddings.matmul(memory.clone().transposed) / settings.temperature)
            .take(along: 1, places).exp()
        let constant = constants.narrow(0, index..<(index + 1))
        withoutGrad {
            let isFirst = -constant.isGreater(than: 0).to(constant.dtype) + 1
            constant.add(isFirst * (scores.detach().mean() * images))
        }
        let shares = scores / constant.clone()
        let noise = Double(settings.negatives) / images
        let positive = shares.narrow(1, 0..<1)
        let negative = shares.narrow(1, 1..<shares.size(1))
        let epsilon = 1e-7
        let hit = (positive / (positive + (noise + epsilon))).log().sum()
        let miss = (-(negative + (noise + epsilon)).log() + log(noise)).sum()
        return -(hit + miss) / Double(embeddings.size(0))
    }

    private func update(_ memory: Tensor, with embeddings: Tensor, at positions: Tensor) {
        let former = memory.select(0, positions)
        let mixed = former * settings.momentum + embeddings * (1 - settings.momentum)
        memory.replace(0, positions, with: mixed.normalized(1))
    }
}

import Distillation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

/// What a method may have to know of the training images.
public struct ImageFacts: Sendable {
    /// The height of an image.
    public var size: Int

    /// The class of every image, by its position in the set, nil where it is held out for validation; for
    /// methods with a memory.
    public var labels: [Int?]

    /// Describes images.
    public init(size: Int = 32, labels: [Int?] = []) {
        self.size = size
        self.labels = labels
    }

    /// As many images and classes as CIFAR-100 has.
    package static let ofBenchmarks = ImageFacts(labels: (0..<50_000).map { $0 % 100 })

    /// The facts of a run's images.
    ///
    /// - Parameters:
    ///   - data: the images.
    ///   - heldOut: the positions of those held out for validation.
    public init(_ data: TrainingData, heldOut: [Int64] = []) {
        var labels: [Int?] = data.train.labels.elements(as: Int64.self).map(Int.init)
        for position in heldOut { labels[Int(position)] = nil }
        self.init(size: data.train.pixels.size(2), labels: labels)
    }
}

extension Recipe {
    /// One method of this recipe between two networks.
    func makeTerm(
        _ name: MethodSettings.Name, student: any Backbone, teacher: any Backbone,
        images: ImageFacts, _ remark: (String) -> Void
    ) throws -> any KnowledgeTerm {
        func value(_ key: String) -> Double {
            let constants =
                method.constants[name]
                ?? MethodConstants(published: name, for: use(of: method.names))
            return constants[key]
        }
        func stream() -> Generator { generator(11) }
        if [.at, .vid, .ofd].contains(name), let text = remarkOnStages(student, teacher) {
            remark("\(name.rawValue): \(text)")
        }
        switch name {
        case .alone: preconditionFailure("Recipe: a student alone has no term of a method")
        case .reviewkd:
            guard let review = method.review else {
                preconditionFailure("Recipe: reviewkd without its settings")
            }
            return ReviewKD(
                review: try makeReview(review, student: student, teacher: teacher, remark),
                settings: ReviewKD.Settings(
                    weight: review.weight, warmup: review.warmup.warmup,
                    distance: review.distance))
        case .kd:
            return KnowledgeDistillation(
                temperature: value("temperature"), weight: value("weight"))
        case .fitnet:
            return try FitNet(
                student: student, teacher: teacher, stage: Int(value("stage")),
                imageSize: images.size, weight: value("weight"), generator: stream())
        case .at: return AttentionTransfer(weight: value("weight"))
        case .sp: return SimilarityPreserving(weight: value("weight"))
        case .rkd:
            return RelationalKnowledgeDistillation(
                distanceWeight: value("distance_weight"), angleWeight: value("angle_weight"),
                weight: value("weight"))
        case .pkt: return ProbabilisticKnowledgeTransfer(weight: value("weight"))
        case .vid:
            return VariationalInformationDistillation(
                student: student, teacher: teacher, weight: value("weight"), generator: stream())
        case .crd:
            var settings = ContrastiveRepresentationDistillation.Settings()
            settings.width = Int(value("width"))
            settings.negatives = Int(value("negatives"))
            settings.temperature = value("temperature")
            settings.momentum = value("momentum")
            settings.weight = value("weight")
            return try ContrastiveRepresentationDistillation(
                studentWidth: student.pooledChannels, teacherWidth: teacher.pooledChannels,
                labels: images.labels, settings: settings, seed: UInt64(seed),
                device: student.device)
        case .ofd:
            return try OverhaulDistillation(
                student: student, teacher: teacher, weight: value("weight"), generator: stream())
        case .dkd:
            return DecoupledKnowledgeDistillation(
                temperature: value("temperature"), alpha: value("alpha"), beta: value("beta"),
                weight: value("weight"), warmupEpochs: Int(value("warmup_epochs")))
        case .dist:
            return DIST(
                temperature: value("temperature"), beta: value("beta"), gamma: value("gamma"),
                weight: value("weight"))
        }
    }
}

extension ReviewSettings.Warmup {
    fileprivate var warmup: TorchNN.Warmup {
        switch self {
        case .epochs(let epochs): .epochs(epochs)
        case .fraction(let fraction): .fraction(fraction)
        }
    }
}

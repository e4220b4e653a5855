import Distillation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

extension ImageFacts {
    /// The facts of a run's images.
    ///
    /// - Parameters:
    ///   - data: the images.
    ///   - heldOut: the positions of those held out for validation.
    public init(_ data: TrainingData, heldOut: [Int64] = []) {
        var labels: [Int?] = data.train.classes()
        for position in heldOut { labels[Int(position)] = nil }
        self.init(size: data.train.imageSize, labels: labels, classCount: data.train.classCount)
    }
}

extension Recipe {
    /// The terms of this recipe's loss between two networks, beside the labels'.
    func makeTerms(
        student: any Backbone, teacher: any Backbone, images: ImageFacts,
        _ remark: (String) -> Void
    ) throws -> [any KnowledgeTerm] {
        let use = use(of: method.names)
        return try method.names.compactMap { name in
            if name == .reviewkd {
                let review = try method.review ?? ReviewSettings.published(for: use)
                let module = try makeReview(review, student: student, teacher: teacher, remark)
                return ReviewKD(
                    review: module, settings: review.term,
                    entropyWeights: method[EntropyWeights.self].map { EntropyWeights($0) })
            }
            // A student alone has no term beside the labels'.
            guard let known = name.method else { return nil }
            if (known as? any DistillationMethod.Type)?.comparesEveryStage == true,
                let text = remarkOnStages(student, teacher)
            {
                remark("\(name.rawValue): \(text)")
            }
            let constants = method.constants[name] ?? MethodConstants(known, for: use)
            return try constants.makeTerm(
                in: MethodPlace(
                    student: student, teacher: teacher, images: images, seed: UInt64(seed),
                    generator: generator(11)))
        }
    }
}

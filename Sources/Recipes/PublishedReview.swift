import Distillation
import RecipeSyntax
import TorchNN
import VisionModels

extension ReviewSettings {
    /// The review term as it was published for two networks, or as for any other pair.
    ///
    /// - Parameter use: the networks and the length of the run.
    /// - Returns: the settings, with the paper's fusion and distance.
    /// - Throws: `RecipeError.noPublishedReview` where one of them is no model of the zoo.
    package static func published(for use: MethodUse) throws(RecipeError) -> ReviewSettings {
        guard let teacher = use.teacher.flatMap({ try? Architecture(named: $0) }),
            let student = try? Architecture(named: use.student)
        else {
            throw .noPublishedReview(teacher: use.teacher ?? "no teacher", student: use.student)
        }
        let isForPhotographs = Architecture.imagenet.contains(student)
        var review = ReviewSettings(
            term: ReviewKD.Settings(
                weight: ModelPair(teacher, student).reviewWeight(beside: use.names),
                warmup: isForPhotographs ? .none : .epochs(use.warmupEpochs),
                studentPreactivations: isForPhotographs))
        review.options.midChannels = student.publishedMidChannels
        return review
    }

    /// The same settings for other methods: where the weight is the published one, it is that beside them.
    ///
    /// - Parameters:
    ///   - former: what the settings are of.
    ///   - use: what they are to be for.
    /// - Returns: the settings.
    func moved(from former: MethodUse, to use: MethodUse) -> ReviewSettings {
        guard let known = try? ReviewSettings.published(for: former),
            let wanted = try? ReviewSettings.published(for: use),
            known.term.weight == term.weight
        else { return self }
        var moved = self
        moved.term.weight = wanted.term.weight
        return moved
    }
}

extension ModelPair {
    /// λ, the weight of the review term, as published, or as for a similar student.
    var reviewWeight: Double { Self.publishedReviewWeights[self] ?? student.reviewWeight }

    /// λ where the review is joined with other methods.
    func reviewWeight(beside names: [String]) -> Double {
        let isWithND = names.contains(NormAndDirection.name)
        return isWithND ? Self.publishedWeightsWithND[self] ?? reviewWeight : reviewWeight
    }

    /// λ of ReviewKD++, that is with `nd`, for the pairs for which it is published.
    ///
    /// Source: the scripts of the authors' code (WangYZ1608/Knowledge-Distillation-via-ND, CIFAR and ImageNet).
    private static let publishedWeightsWithND: [ModelPair: Double] = [
        ModelPair(.resnet56, .resnet20): 1.2,
        ModelPair(.resnet32x4, .resnet8x4): 8,
        ModelPair(.resnet32x4, .shuffleV1): 7,
        ModelPair(.resnet32x4, .shuffleV2): 8,
        ModelPair(.wideResNet40x2, .wideResNet40x1): 5,
        ModelPair(.resNet50, .mobileNetV2): 6,
        ModelPair(.imagenetResNet50, .imagenetMobileNetV1): 8,
    ]

    /// λ of the pairs for which it is published.
    ///
    /// Source: the scripts of the authors' code (dvlab-research/ReviewKD, CIFAR-100 and ImageNet) for the
    /// pairs of the paper, mdistiller's configurations for the others. The shipped recipes have the same
    /// numbers.
    static let publishedReviewWeights: [ModelPair: Double] = [
        ModelPair(.resnet56, .resnet20): 0.6,
        ModelPair(.resnet110, .resnet20): 0.6,
        ModelPair(.resnet110, .resnet32): 1,
        ModelPair(.resnet32x4, .resnet8x4): 5,
        ModelPair(.resnet32x4, .shuffleV1): 5,
        ModelPair(.resnet32x4, .shuffleV2): 8,
        ModelPair(.resnet32x4, .wideResNet16x2): 5,
        ModelPair(.resnet32x4, .wideResNet40x2): 5,
        ModelPair(.wideResNet40x2, .resnet8x4): 5,
        ModelPair(.wideResNet40x2, .wideResNet16x2): 5,
        ModelPair(.wideResNet40x2, .wideResNet40x1): 5,
        ModelPair(.wideResNet40x2, .shuffleV1): 5,
        ModelPair(.wideResNet40x2, .mobileNetV2): 8,
        ModelPair(.vgg13, .vgg8): 5,
        ModelPair(.vgg13, .mobileNetV2): 8,
        ModelPair(.resNet50, .mobileNetV2): 8,
        ModelPair(.imagenetResNet34, .imagenetResNet18): 1,
        ModelPair(.imagenetResNet50, .imagenetMobileNetV1): 8,
    ]
}

extension Architecture {
    /// λ of a student for whose pair none is published: what is published for the same student or the
    /// nearest of its family under another teacher, else 5; 8 of the MobileNets.
    fileprivate var reviewWeight: Double {
        switch self {
        case .resnet8, .resnet14, .resnet20: 0.6
        case .resnet32, .resnet44, .resnet56, .resnet110: 1
        case .shuffleV2, .mobileNetV2, .imagenetMobileNetV1: 8
        default: Self.imagenet.contains(self) ? 1 : 5
        }
    }

    /// The width of the fused features that is published for a student; nil where it is the usual one.
    ///
    /// Source: the authors' code (dvlab-research/ReviewKD, ImageNet).
    var publishedMidChannels: Int? { self == .imagenetMobileNetV1 ? 256 : nil }
}

import Basics
import RecipeSyntax
import VisionModels

/// A teacher and a student of the zoo.
public struct ModelPair: Sendable, Hashable {
    /// The network to learn from.
    public let teacher: Architecture

    /// The network that learns.
    public let student: Architecture

    /// The name that recipes have, as `resnet56-resnet20`.
    public var name: String { "\(teacher.name)-\(student.name)" }

    /// Pairs two models.
    public init(_ teacher: Architecture, _ student: Architecture) {
        self.teacher = teacher
        self.student = student
    }

    /// Reads a name; letter case does not matter.
    ///
    /// - Throws: `RecipeError.unknownPair` with what was probably meant.
    public init(named name: String) throws(RecipeError) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let models = parts.compactMap { try? Architecture(named: $0) }
        guard parts.count == 2, models.count == 2 else {
            throw .unknownPair(name, nearest: Self.nearest(to: name, parts))
        }
        self.init(models[0], models[1])
    }

    /// The nearest published pair, or the pair of the nearest models where that is nearer.
    private static func nearest(to name: String, _ parts: [String]) -> String? {
        let models = parts.compactMap { Architecture.nearestName(to: $0) }
        let composed = parts.count == 2 && models.count == 2 ? [models.joined(separator: "-")] : []
        return NearestName.find(name, among: published.map(\.name) + composed)
    }

    /// The eleven pairs of the paper's tables.
    ///
    /// Source: Chen et al., CVPR 2021, section 4.1, tables 1 and 2.
    public static let ofPaper: [ModelPair] = [
        ModelPair(.resnet56, .resnet20), ModelPair(.resnet110, .resnet32),
        ModelPair(.resnet32x4, .resnet8x4), ModelPair(.wideResNet40x2, .wideResNet16x2),
        ModelPair(.wideResNet40x2, .wideResNet40x1), ModelPair(.vgg13, .vgg8),
        ModelPair(.resnet32x4, .shuffleV1), ModelPair(.wideResNet40x2, .shuffleV1),
        ModelPair(.vgg13, .mobileNetV2), ModelPair(.resNet50, .mobileNetV2),
        ModelPair(.resnet32x4, .shuffleV2),
    ]

    /// These and the further ones for which later papers publish ReviewKD.
    public static let published =
        ofPaper + [
            ModelPair(.resnet110, .resnet20), ModelPair(.resnet32x4, .wideResNet16x2),
            ModelPair(.resnet32x4, .wideResNet40x2), ModelPair(.wideResNet40x2, .resnet8x4),
            ModelPair(.wideResNet40x2, .mobileNetV2),
        ]
}

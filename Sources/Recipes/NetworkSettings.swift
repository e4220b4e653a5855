import Distillation
import RecipeSyntax

/// The network to learn from.
public struct TeacherSettings: Sendable, Equatable {
    /// The model's name, such as `resnet56`, or `program`.
    public var model: String
    /// The statistics of the batch norms.
    public var batchNorm = Teacher.BatchNormMode.frozen
    /// The normalisation that the teacher was trained with.
    public var normalization: NormalizationSettings
    /// How a detector's bottom-up network is made.
    public var bottomUp = BottomUpSettings()

    /// The name of a teacher that its file brings as a program.
    public static let program = "program"

    /// Whether the teacher is a program, so that only its file knows the network.
    public var isProgram: Bool { model == Self.program }

    static let table = RecipeTable(
        blank: TeacherSettings(model: "", normalization: .cifar100),
        keys: [
            .required(
                "model", \.model, .modelOrProgram,
                "The network to learn from; `program` where its file is a program that brings it."),
            .optional(
                "batch_norm", \.batchNorm, .choice,
                "The statistics that its batch norms use: those of its training, or the batch's."),
            .optional(
                "normalization", \.normalization, .normalization,
                standard: "that of `dataset`",
                "The mean and deviation that the teacher was trained with."),
        ] + bottomUpKeys)
}

/// The network that is trained.
public struct StudentSettings: Sendable, Equatable {
    /// The model's name, such as `resnet20`.
    public var model: String
    /// How a detector's bottom-up network is made.
    public var bottomUp = BottomUpSettings()

    static let table = RecipeTable(
        blank: StudentSettings(model: ""),
        keys: [.required("model", \.model, .model, "The network that is trained.")]
            + bottomUpKeys)
}

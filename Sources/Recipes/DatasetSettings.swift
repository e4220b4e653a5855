import Basics
import VisionData
import Yams

/// The images of a run and how they are prepared.
public struct DatasetSettings: Sendable, Equatable {
    /// The data sets a recipe can name.
    public enum Name: String, Sendable, CaseIterable {
        /// 100 classes of 32×32 colour images.
        case cifar100
        /// 10 classes of 32×32 colour images.
        case cifar10
        /// The data set that the program draws itself.
        case procedural

        /// The data set's own normalisation; nil where a recipe must name one.
        fileprivate var normalization: NormalizationSettings? {
            switch self {
            case .cifar100: .cifar100
            case .cifar10: .cifar10
            case .procedural: nil
            }
        }
    }

    /// The data set.
    public var name: Name
    /// The student's normalisation.
    public var normalization: NormalizationSettings
    /// Random changes to training images.
    public var augmentation: Augmentation

    static let table = RecipeTable(
        blank: DatasetSettings(
            name: .cifar100, normalization: .cifar100, augmentation: Augmentation()),
        keys: [
            .required("name", \.name, .choice, "The data set."),
            RecipeKey(
                name: "normalization",
                read: { section, settings in
                    let rule = RecipeRule.normalization
                    settings.normalization =
                        try settings.name.normalization.map {
                            try section.optional("normalization", rule) ?? $0
                        } ?? section.required("normalization", rule)
                },
                entries: {
                    let text = RecipeRule.normalization.text($0.normalization)
                    return [RecipeEntry(path: "normalization", value: text)]
                },
                rows: { _ in
                    [
                        KeyRow(
                            path: "normalization", expected: RecipeRule.normalization.expected,
                            standard: "the data set's own; required for `procedural`",
                            meaning: "The mean and deviation by which the student's images are "
                                + "centred and scaled.")
                    ] + Normalization.table.rows.map { $0.within("normalization") }
                }),
            .section("augmentation", \.augmentation, isRequired: false, Augmentation.table),
        ])
}

extension Augmentation {
    fileprivate static let table = RecipeTable(
        blank: Augmentation(),
        keys: [
            .optional(
                "crop_padding", \.cropPadding, .integer(atLeast: 0, atMost: 1024),
                "The black pixels on every side of an image before a random crop of its own size."),
            .optional(
                "flip", \.flips, .flag, "Whether half of the images, drawn anew, are mirrored."),
        ])
}

/// The mean and deviation by which colours are centred and scaled.
///
/// A name stays a name in a resolved recipe, so that its text and digest say what was written.
public enum NormalizationSettings: Sendable, Equatable {
    /// CIFAR-100's own statistics.
    case cifar100
    /// CIFAR-10's statistics, which the authors of ReviewKD use on CIFAR-100 too.
    case cifar10
    /// Red, green and blue as fractions of full intensity; deviations are above 0.
    case custom(Normalization)

    /// The constants as the data pipeline takes them.
    public var normalization: Normalization {
        switch self {
        case .cifar100: .cifar100
        case .cifar10: .cifar10
        case .custom(let normalization): normalization
        }
    }
}

extension Normalization {
    fileprivate static let table = RecipeTable(
        blank: Normalization.cifar100,
        keys: [
            .required(
                "mean", \.mean, .channels(.mean), "What is subtracted from red, green and blue."),
            .required(
                "std", \.deviation, .channels(.deviation), "What the difference is divided by."),
        ])
}

extension RecipeRule where Value == NormalizationSettings {
    static let normalization = Self(
        expected: "one of cifar100, cifar10, or a section with the keys mean, std",
        nearest: { NearestName.find($0, among: ["cifar100", "cifar10"]) },
        read: { field in
            switch field.node.scalar?.string {
            case "cifar100": .cifar100
            case "cifar10": .cifar10
            case .some: nil
            case nil: .custom(try Normalization.table.read(field))
            }
        },
        text: {
            switch $0 {
            case .cifar100: "cifar100"
            case .cifar10: "cifar10"
            case .custom(let normalization): Normalization.table.flow(normalization)
            }
        })
}

/// Training images that are held out to choose the best epoch.
public struct ValidationSettings: Sendable, Equatable {
    /// The number of images held out; 0 trains on all and keeps the last epoch.
    public var split = 0

    static let table = RecipeTable(
        blank: ValidationSettings(),
        keys: [
            .required(
                "split", \.split, .integer(atLeast: 0),
                "The count of training images held out to choose the best epoch; 0 keeps the last.")
        ])
}

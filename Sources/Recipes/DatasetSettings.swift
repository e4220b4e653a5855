import Basics
import DetectionData
import RecipeSyntax
import VisionData

/// The images of a run and how they are prepared.
public struct DatasetSettings: Sendable, Equatable {
    /// The data set.
    public var images: Dataset
    /// The student's normalisation.
    public var normalization: NormalizationSettings
    /// Random changes to training images.
    public var augmentation: Augmentation
    /// How photographs become batches; of no matter for other images.
    public var photographs = PhotographSettings()
    /// How pictures with objects become batches; of no matter for other images.
    public var pictures = PictureSettings()

    static let table = RecipeTable(
        blank: DatasetSettings(
            images: .cifar100, normalization: .cifar100, augmentation: Augmentation()),
        keys: [
            .required("name", \.images, .dataset, "The data set."),
            RecipeKey(
                name: "normalization",
                read: { section, settings in
                    let rule = RecipeRule.normalization
                    settings.normalization =
                        try NormalizationSettings(of: settings.images).map {
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
                            standard: "the data set's own; required for "
                                + Dataset.all.filter { $0.normalization == nil }
                                .map { "`\($0.name)`" }.joined(separator: ", "),
                            meaning: "The mean and deviation by which the student's images are "
                                + "centred and scaled.")
                    ] + Normalization.table.rows.map { $0.within("normalization") }
                }),
            augmentation,
        ] + PhotographSettings.keys + PictureSettings.keys)

    /// A photograph is cropped at random anyway.
    private static let augmentation = RecipeKey<DatasetSettings>(
        name: "augmentation",
        read: { section, settings in
            let isPhotograph = settings.images.isOfAnySize
            if isPhotograph { settings.augmentation.cropPadding = 0 }
            let blank = settings.augmentation
            if let given = try section.optional(
                "augmentation", .section { try Augmentation.table.read($0, from: blank) })
            {
                settings.augmentation = given
            }
            guard !isPhotograph || settings.augmentation.secondView == nil else {
                throw section.contradiction(
                    "augmentation",
                    "second_view is there for small images that lie in memory; leave it out")
            }
            guard !isPhotograph || settings.augmentation.cropPadding == 0 else {
                throw section.contradiction(
                    "augmentation",
                    "photographs are cropped at random, without a border; leave "
                        + "crop_padding out")
            }
        },
        entries: { settings in
            Augmentation.table.entries(of: settings.augmentation)
                .filter { !settings.images.isOfAnySize || $0.path != "crop_padding" }
                .map { $0.within("augmentation") }
        },
        rows: { _ in Augmentation.table.rows.map { $0.within("augmentation") } })
}

extension Augmentation {
    fileprivate static let table = RecipeTable(
        blank: Augmentation(),
        keys: [
            .optional(
                "crop_padding", \.cropPadding, .integer(atLeast: 0, atMost: 1024),
                standard: "`4`; photographs have none",
                "The black pixels on every side of an image before a random crop of its own size."),
            .optional(
                "flip", \.flips, .flag, "Whether half of the images, drawn anew, are mirrored."),
            .optional(
                "second_view", \.secondView, .choice, standard: "none",
                "A second view of each image in every batch, strongly changed. All losses are means over both."
            ),
        ])
}

extension Dataset {
    /// Whether its images have sizes of their own, so that there is nothing to crop from a border.
    fileprivate var isOfAnySize: Bool { hasPhotographs || hasObjects }
}

extension PhotographSettings {
    /// The keys that only photographs have.
    fileprivate static let keys: [RecipeKey<DatasetSettings>] = all.map { key in
        key.only(where: { $0.images.hasPhotographs }, otherwise: { "dataset.name is \($0.images)" })
    }

    private static let all: [RecipeKey<DatasetSettings>] = [
        .optional(
            "image_size", \.photographs.imageSize, .integer(atLeast: 32, atMost: 4096),
            "Photographs: height and width of what the networks see, in pixels."),
        .optional(
            "evaluation_resize", \.photographs.evaluationResize,
            .integer(atLeast: 32, atMost: 8192), standard: "256 to 224 of `image_size`",
            "Photographs: the shorter side before evaluation cuts the middle, in pixels."),
        .optional(
            "exact", \.photographs.isExact, .flag,
            "Photographs: whether training decodes in full, as the field does. Else it takes a scale "
                + "that suits the crop."),
        .optional(
            "scale_16_bit_grey", \.photographs.scalesSixteenBitGrey, .flag,
            "Photographs: whether grey values of 16 bits are scaled. Else all above 255 are white, as "
                + "in Pillow."),
    ]
}

/// The mean and deviation by which colours are centred and scaled.
///
/// A name stays a name in a resolved recipe, so that its text and digest say what was written.
public enum NormalizationSettings: Sendable, Equatable {
    /// That of a data set's training images, by the data set's name.
    case named(String, Normalization)
    /// Red, green and blue as fractions of full intensity; deviations are above 0.
    case custom(Normalization)

    /// That of a data set's training images; nil where the data set has none of its own.
    public init?(of dataset: Dataset) {
        guard let normalization = dataset.normalization else { return nil }
        // A data set may take that of another, which has the name.
        let owner = Dataset.all.first { $0.normalization == normalization } ?? dataset
        self = .named(owner.name, normalization)
    }

    /// Those that can be named.
    public static let all: [NormalizationSettings] = {
        var known: [NormalizationSettings] = []
        for case let settings? in Dataset.all.map(NormalizationSettings.init(of:))
        where !known.contains(settings) {
            known.append(settings)
        }
        return known
    }()

    /// The names of those.
    public static let names = all.compactMap(\.name)

    /// That of a data set's training images, by the data set's name; nil where none has the name.
    public init?(named name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// CIFAR-100's own statistics.
    public static let cifar100 = NormalizationSettings.named("cifar100", .cifar100)

    /// CIFAR-10's statistics, which the authors of ReviewKD use on CIFAR-100 too.
    public static let cifar10 = NormalizationSettings.named("cifar10", .cifar10)

    /// The name; nil for numbers of one's own.
    public var name: String? {
        guard case .named(let name, _) = self else { return nil }
        return name
    }

    /// The constants as the data pipeline takes them.
    public var normalization: Normalization {
        switch self {
        case .named(_, let normalization), .custom(let normalization): normalization
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

extension RecipeRule where Value == Dataset {
    static let dataset = choice(of: Dataset.all.map { ($0.name, $0) }, text: \.name)
}

extension RecipeRule where Value == NormalizationSettings {
    static let normalization = Self(
        expected: "one of \(Value.names.joined(separator: ", ")), or a section with the keys "
            + "mean, std",
        nearest: { NearestName.find($0, among: Value.names) },
        read: { field in
            guard let text = field.scalar else {
                return .custom(try Normalization.table.read(field))
            }
            return NormalizationSettings(named: text)
        },
        text: {
            switch $0 {
            case .named(let name, _): name
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

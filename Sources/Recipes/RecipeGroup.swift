import VisionModels

/// The recipes of a data set, of which there is one for any network for its images and for any two.
struct RecipeGroup: Sendable {
    /// The first part of the recipes' names.
    let name: String

    /// The networks for its images.
    let architectures: [Architecture]

    /// What the names of these networks begin with, which the recipes' names leave out.
    let prefix: String

    /// The shipped recipe of a pair whose settings other pairs take.
    let pair: String

    /// The shipped recipe of one network whose settings other networks take.
    let alone: String

    /// The length of the recipes that end in `-medium`; nil where there are none.
    let mediumEpochs: Int?

    static let all = [
        RecipeGroup(
            name: "cifar100", architectures: Architecture.cifar, prefix: "",
            pair: "resnet56-resnet20", alone: "resnet56", mediumEpochs: 60),
        RecipeGroup(
            name: "imagenet", architectures: Architecture.imagenet, prefix: "imagenet-",
            pair: "ResNet34-ResNet18", alone: "ResNet34", mediumEpochs: nil),
    ]

    /// The group of a name; nil where there is none.
    init?(named name: String?) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    private init(
        name: String, architectures: [Architecture], prefix: String, pair: String, alone: String,
        mediumEpochs: Int?
    ) {
        self.mediumEpochs = mediumEpochs
        self.name = name
        self.architectures = architectures
        self.prefix = prefix
        self.pair = pair
        self.alone = alone
    }

    /// What recipes call a network of the group.
    func name(of model: Architecture) -> String { String(model.name.dropFirst(prefix.count)) }

    /// The network that recipes call so; letter case does not matter.
    func architecture(named name: String) -> Architecture? {
        architectures.first { self.name(of: $0).lowercased() == name.lowercased() }
    }

    /// What may stand behind the networks in a recipe's name.
    var suffixes: [String] { ["", "-short"] + (mediumEpochs == nil ? [] : ["-medium"]) }

    /// The last part of every recipe's name that is made of networks.
    var namesOfNetworks: [String] {
        let models = architectures.map(name)
        let pairs = models.flatMap { teacher in models.map { "\(teacher)-\($0)" } }
        return (models + pairs).flatMap { name in suffixes.map { name + $0 } }
    }
}

extension Recipe {
    /// The name of the recipe for networks of one data set's group.
    ///
    /// - Parameter models: a teacher and a student, or one network alone.
    /// - Returns: a name that has no recipe where the networks are not of one group.
    package static func name(of models: [Architecture]) -> String {
        let group =
            RecipeGroup.all.first { group in models.allSatisfy(group.architectures.contains) }
            ?? RecipeGroup.all[0]
        return "\(group.name)/\(models.map(group.name).joined(separator: "-"))"
    }
}

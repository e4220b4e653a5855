import Basics
import Distillation
import RecipeSyntax
import VisionData
import VisionModels

extension Recipe {
    /// The text of a recipe that is known by its name.
    ///
    /// Beside the shipped ones these are, made from them: `cifar100/TEACHER-STUDENT` for any two models for
    /// its images, `cifar100/MODEL` for one alone, both also with `-short` and `-medium`, the same of `imagenet`
    /// but for `-medium` and, for
    /// detectors of one family, of `coco`, and of a pair's recipe every setting of an ablation, as `cifar100/resnet56-resnet20/stages/2-1`. Letter
    /// case does not matter in models' names.
    ///
    /// - Parameter name: as on the command line.
    /// - Returns: the YAML text, of a shipped one with its comments; nil for another name.
    /// - Throws: `RecipeError.unknownRecipe` where the recipe exists and has no such setting, or where two
    ///   networks cannot be matched `DistillationError`.
    public static func text(named name: String) throws -> String? {
        if let text = text(ofShipped: name) { return text }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, parts[0] == DetectionRecipeName.group {
            return try DetectionRecipeName(parts[1])?.text()
        }
        guard let group = RecipeGroup(named: parts.first), parts.count >= 2,
            let base = NetworksName(parts[1], in: group)
        else { return nil }
        switch parts.count {
        case 2: return try base.text()
        case 4: return try ablated(try base.recipe(), parts[2], parts[3], name)?.yaml
        default: return nil
        }
    }

    /// A pair's recipe with one setting of an ablation.
    private static func ablated(
        _ recipe: Recipe, _ ablation: String, _ setting: String, _ name: String
    ) throws -> Recipe? {
        guard let ablation = Ablation(rawValue: ablation) else { return nil }
        let whole = ablation.whole(of: recipe)
        guard let variants = try ablation.variants(of: whole) else { return nil }
        let several = ablation == .additions ? Addition.joined(setting) : nil
        var ablated: Recipe
        if let several {
            ablated = whole
            for addition in several { ablated = try addition.added(to: ablated) }
        } else if let chosen = variants.first(where: { $0.name == setting }) {
            ablated = chosen.recipe
        } else {
            let names = variants.map { "\(recipe.name)/\(ablation.rawValue)/\($0.name)" }
            throw RecipeError.unknownRecipe(name, nearest: NearestName.find(name, among: names))
        }
        ablated.name += "/\(ablation.rawValue)/\(setting)"
        ablated.description += ", with \(setting) of the ablation \(ablation.rawValue)"
        return ablated
    }
}

extension Recipe {
    /// The name of a recipe that is nearest to one that does not exist, of those shipped and those made of
    /// networks' names; nil where none is near.
    static func nearestName(to name: String) -> String? {
        guard let stem = RecipeFileName.stem(of: name) else {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
                .map(String.init)
            switch parts.count {
            case 1: return nearestName(toPart: name)
            case 2:
                guard let group = NearestName.find(parts[0], among: groups) else { return nil }
                let last = knownNames.filter { $0.group == group }.map(\.last)
                return NearestName.find(parts[1], among: last).map { "\(group)/\($0)" }
            default: return nearestSetting(to: parts)
            }
        }
        // Of a file there is no other to be meant than the recipe that it would be called after.
        return (try? text(named: stem)) == nil ? nil : stem
    }

    /// The nearest name to one without a slash, where the first part is left out or joined in another way.
    private static func nearestName(toPart name: String) -> String? {
        // The longest first, because one data set's name begins with another's.
        let beginnings = (groups + Dataset.all.map(\.name)).sorted { $0.count > $1.count }
        if let beginning = beginnings.first(where: { name.lowercased().hasPrefix($0) }) {
            let rest = name.dropFirst(beginning.count).drop { !$0.isLetter && !$0.isNumber }
            return rest.isEmpty ? nil : nearestName(to: "\(beginning)/\(rest)")
        }
        let last = NearestName.find(name, among: knownNames.map(\.last))
        return knownNames.first { $0.last == last }.map { "\($0.group)/\($0.last)" }
    }

    /// The name of an ablation's setting that is nearest to one that does not exist; nil where the name has
    /// another form.
    private static func nearestSetting(to parts: [String]) -> String? {
        let pairs = knownNames.map(\.last).filter { $0.contains("-") }
        guard parts.count == 4, let group = NearestName.find(parts[0], among: groups),
            let networks = NearestName.find(parts[1], among: pairs),
            let ablation = NearestName.find(parts[2], among: Ablation.allCases.map(\.rawValue))
        else { return nil }
        let composed = "\(group)/\(networks)/\(ablation)/\(parts[3])"
        // It may name a setting that does not exist either.
        return (try? text(named: composed)) == nil ? nil : composed
    }

    /// The names that exist, a setting's aside, in two parts; the shipped ones first.
    private static let knownNames: [(group: String, last: String)] =
        shipped.map { name in
            let parts = name.split(separator: "/").map(String.init)
            return (parts[0], parts[1])
        }
        + RecipeGroup.all.flatMap { group in
            group.namesOfNetworks.map { (group.name, $0) }
        } + DetectionRecipeName.names.map { (DetectionRecipeName.group, $0) }

    /// The first parts of names.
    private static let groups = Set(knownNames.map(\.group)).sorted()
}

/// The networks and the length that the last part of a recipe's name stands for.
private struct NetworksName {
    private let group: RecipeGroup
    private let models: [Architecture]
    private let suffix: String

    /// Nil where a model is unknown.
    init?(_ text: String, in group: RecipeGroup) {
        self.group = group
        var parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let last = "-\(parts.last ?? "")"
        suffix = group.suffixes.contains(last) ? last : ""
        if !suffix.isEmpty { parts.removeLast() }
        models = parts.compactMap(group.architecture)
        guard models.count == parts.count, (1...2).contains(models.count) else { return nil }
    }

    private var name: String {
        "\(group.name)/\(models.map(group.name).joined(separator: "-"))\(suffix)"
    }

    func text() throws -> String {
        if suffix == "-medium", let epochs = group.mediumEpochs { return try medium(epochs).yaml }
        return try Recipe.text(ofShipped: name) ?? derived().yaml
    }

    /// The long recipe's schedule in fewer epochs.
    private func medium(_ epochs: Int) throws -> Recipe {
        let long = try Recipe.load(nameOrPath: String(name.dropLast(suffix.count)))
        var recipe = long.rescaled(epochs: epochs)
        recipe.name = name
        recipe.description =
            "\(long.name) in \(epochs) epochs in place of \(long.epochs), each milestone at its share of them"
        return recipe
    }

    func recipe() throws -> Recipe { try Recipe(yaml: text(), file: name) }

    /// The settings of the group's own pair or network, with a fifth of the rate for a light student.
    private func derived() throws -> Recipe {
        let student = models[models.count - 1]
        let isPair = models.count == 2
        var recipe = try Recipe.load(
            nameOrPath: "\(group.name)/\(isPair ? group.pair : group.alone)\(suffix)")
        recipe.name = name
        recipe.student.model = student.name
        recipe.optimizer.learningRate /= student.rateDivisor
        if isPair {
            recipe.description =
                "\(group.name(of: student)) learns from \(group.name(of: models[0])) with ReviewKD in "
                + "\(recipe.epochs) epochs; nothing is published for this pair, the weight is not chosen "
                + "on a validation split"
            recipe.teacher?.model = models[0].name
            recipe.method.review?.term.weight = ModelPair(models[0], student).reviewWeight
            recipe.method.review?.options.midChannels = student.publishedMidChannels
        } else {
            recipe.description = "\(group.name(of: student)) trained alone, to serve as a teacher"
        }
        return recipe
    }
}

extension Architecture {
    /// How many times lower a learning rate the authors give a light network.
    package var rateDivisor: Double {
        switch self {
        case .shuffleV1, .shuffleV2, .mobileNetV2: 5
        default: 1
        }
    }
}

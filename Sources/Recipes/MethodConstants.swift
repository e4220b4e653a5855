import Yams

/// What methods are used for, as far as their published constants depend on it.
public struct MethodUse: Sendable {
    /// The methods, as they are joined.
    public let names: [MethodSettings.Name]

    /// The teacher's model, where there is one.
    public let teacher: String?

    /// The student's model.
    public let student: String

    /// The length of the run.
    public let epochs: Int

    /// Describes a use.
    public init(names: [MethodSettings.Name], teacher: String?, student: String, epochs: Int) {
        self.names = names
        self.teacher = teacher
        self.student = student
        self.epochs = epochs
    }

    /// Over how many epochs a weight grows: 20 of the published 240, the same share of fewer, rounded to
    /// the nearest and ended before the last.
    var warmupEpochs: Int { min(20, Int((Double(epochs) / 12).rounded()), epochs - 1) }

    /// The review term that was published for the networks, or as for any other pair.
    ///
    /// - Precondition: both networks are models of the zoo.
    var review: ReviewSettings {
        let name = "cifar100/\(teacher ?? "")-\(student)"
        do {
            guard var review = try Recipe.load(nameOrPath: name).method.review else {
                preconditionFailure("MethodUse: \(name) is not one of ReviewKD")
            }
            review.warmup = .epochs(warmupEpochs)
            return review
        } catch {
            preconditionFailure("MethodUse: \(name) cannot be read: \(error)")
        }
    }

    /// The published weight of the labels' term: 0.1 for `kd` by itself, else 1.
    var crossEntropyWeight: Double { names == [.kd] ? 0.1 : 1 }

    /// The constants of every method that has some.
    var constants: [MethodSettings.Name: MethodConstants] {
        Dictionary(
            uniqueKeysWithValues: names.filter { !$0.constants.isEmpty }.map {
                ($0, MethodConstants(published: $0, for: self))
            })
    }

    /// β of DKD.
    ///
    /// Source: mdistiller's configurations.
    fileprivate var publishedBeta: Double {
        switch (teacher, student) {
        case ("resnet110", "resnet32"), ("resnet56", "resnet20"): 2
        case ("vgg13", "vgg8"), ("vgg13", "MobileNetV2"), ("wrn_40_2", "wrn_16_2"),
            ("wrn_40_2", "wrn_40_1"):
            6
        default: 8
        }
    }
}

/// The numbers in a method's term: its weight, and what its formula leaves open.
public struct MethodConstants: Sendable, Equatable {
    /// One number.
    struct Constant: Sendable {
        let key: String
        let kind: Kind

        /// The published value.
        let published: @Sendable (MethodUse) -> Double
    }

    /// What a number may be.
    enum Kind: Sendable {
        case positive, nonNegative, fraction
        case whole(atLeast: Int, atMost: Int = Recipe.largestNumber)

        /// A number of epochs, at least 0, which keeps its share when the run is rescaled.
        case epochs

        var isWhole: Bool {
            switch self {
            case .whole, .epochs: true
            default: false
            }
        }
    }

    /// The most channels that a layer of a method may have, far beyond what memory holds in practice.
    static let largestWidth = 65_536

    /// The values by their keys.
    private(set) var values: [String: Double]

    /// The method that they belong to.
    let method: MethodSettings.Name

    /// The value of a key.
    ///
    /// - Precondition: the method has it.
    public subscript(key: String) -> Double {
        get {
            guard let value = values[key] else {
                preconditionFailure("\(method.rawValue) has no constant '\(key)'")
            }
            return value
        }
        set {
            precondition(values[key] != nil, "\(method.rawValue) has no constant '\(key)'")
            values[key] = newValue
        }
    }

    /// The published constants of a method.
    ///
    /// - Parameters:
    ///   - method: not `alone` and not `reviewkd`, which have none here.
    ///   - use: what it is used for.
    public init(published method: MethodSettings.Name, for use: MethodUse) {
        self.method = method
        values = Dictionary(
            uniqueKeysWithValues: method.constants.map { ($0.key, $0.published(use)) })
    }

    /// The same for a run of another length: what counts epochs keeps its share.
    func rescaled(from former: Int, to epochs: Int) -> MethodConstants {
        var result = self
        for constant in method.constants {
            guard case .epochs = constant.kind else { continue }
            let scaled = (self[constant.key] * Double(epochs) / Double(former)).rounded()
            result[constant.key] = min(scaled, Double(epochs - 1))
        }
        return result
    }

    /// Key and value of each constant, in the order of the table.
    var entries: [(key: String, text: String)] {
        method.constants.map { constant in
            let value = self[constant.key]
            return (constant.key, constant.kind.isWhole ? "\(Int(value))" : "\(value)")
        }
    }
}

extension MethodSettings.Name {
    /// The method's constants and their published values.
    ///
    /// Source: the defaults of mdistiller and RepDistiller, with which the published rows were made.
    var constants: [MethodConstants.Constant] {
        func constant(
            _ key: String, _ kind: MethodConstants.Kind = .nonNegative,
            value: @escaping @Sendable (MethodUse) -> Double
        ) -> MethodConstants.Constant {
            MethodConstants.Constant(key: key, kind: kind, published: value)
        }
        func constant(
            _ key: String, _ value: Double, _ kind: MethodConstants.Kind = .nonNegative
        ) -> MethodConstants.Constant {
            constant(key, kind) { _ in value }
        }
        func weight(_ value: Double) -> MethodConstants.Constant { constant("weight", value) }
        return switch self {
        case .alone, .reviewkd: []
        case .kd:
            [
                constant("temperature", 4, .positive),
                // Beside another method as the labels, as with the authors' `--use-kl`.
                constant("weight") { $0.names.count > 1 ? 1 : 0.9 },
            ]
        case .fitnet: [constant("stage", 2, .whole(atLeast: 1)), weight(100)]
        case .at: [weight(1000)]
        case .sp: [weight(3000)]
        case .rkd:
            [constant("distance_weight", 25), constant("angle_weight", 50), weight(1)]
        case .pkt: [weight(30_000)]
        case .vid: [weight(1)]
        case .crd:
            [
                constant(
                    "width", 128, .whole(atLeast: 1, atMost: MethodConstants.largestWidth)),
                constant("negatives", 16_384, .whole(atLeast: 1)),
                constant("temperature", 0.07, .positive), constant("momentum", 0.5, .fraction),
                weight(0.8),
            ]
        case .ofd: [weight(0.001)]
        case .dkd:
            [
                constant("temperature", 4, .positive), constant("alpha", 1),
                constant("beta", value: \.publishedBeta), weight(1),
                constant("warmup_epochs", .epochs) { Double($0.warmupEpochs) },
            ]
        case .dist:
            [
                constant("temperature", 4, .positive), constant("beta", 2), constant("gamma", 2),
                weight(1),
            ]
        }
    }
}

extension MethodConstants.Kind {
    private var rule: RecipeRule<Double> {
        switch self {
        case .positive: .positive
        case .nonNegative: .nonNegative
        case .fraction: .fraction
        case .whole(let least, let most): .whole(atLeast: least, atMost: most)
        case .epochs: .whole(atLeast: 0, atMost: Recipe.largestNumber)
        }
    }

    func read(_ field: RecipeField) throws -> Double { try field.read(rule) }
}

extension RecipeRule where Value == Double {
    fileprivate static func whole(atLeast least: Int, atMost most: Int) -> Self {
        let rule = RecipeRule<Int>.integer(atLeast: least, atMost: most)
        return Self(expected: rule.expected) { try rule.read($0).map(Double.init) }
    }
}

extension MethodConstants {
    /// Decodes a method's section; what it leaves out has the published value.
    init(_ field: RecipeField, of method: MethodSettings.Name, for use: MethodUse) throws {
        self.init(published: method, for: use)
        let known = method.constants.map(\.key)
        guard case .mapping(let mapping) = field.node else {
            throw RecipeError.invalidValue(
                field.location, key: field.key,
                expected: "a section with the keys \(known.joined(separator: ", "))",
                found: field.found, nearest: nil)
        }
        for (keyNode, value) in mapping {
            let name = keyNode.scalar?.string ?? "?"
            let child = field.child(name, value)
            guard let constant = method.constants.first(where: { $0.key == name }) else {
                throw RecipeError.unknownKey(
                    field.source.location(of: keyNode), key: child.key, known: known)
            }
            guard !RecipeField.isNull(value) else { continue }
            values[name] = try constant.kind.read(child)
        }
    }
}

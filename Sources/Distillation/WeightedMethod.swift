import TorchNN

/// The constants of a method whose formula leaves open nothing but the weight.
public struct WeightAlone: Sendable, Equatable {
    /// The factor of the term in the loss.
    public var weight: Double

    /// Gathers the constant.
    public init(weight: Double) {
        self.weight = weight
    }
}

/// A method whose only constant is its weight, which is the same for all networks and from the first step on.
public protocol WeightedMethod: DistillationMethod where Settings == WeightAlone {
    /// The weight that was published.
    static var publishedWeight: Double { get }

    /// The constants that the term was made with.
    var settings: WeightAlone { get }
}

extension WeightedMethod {
    /// The weight's key in recipes.
    public static var constants: [MethodConstant<WeightAlone>] { [.weight(\.weight)] }

    /// The published weight.
    public static var published: WeightAlone { WeightAlone(weight: publishedWeight) }

    /// The same for all networks.
    public static func published(for use: MethodUse) -> WeightAlone { published }

    /// The weight, from the first step on.
    public func weight(at progress: TrainingProgress) -> Double { settings.weight }
}

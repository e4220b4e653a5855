/// One constant of a method: its key in recipes, its place in the settings, and what it may be.
public struct MethodConstant<Settings>: Sendable {
    /// Where the constant is kept, with the values that it may have.
    public enum Place: Sendable {
        /// A number.
        case number(WritableKeyPath<Settings, Double> & Sendable, NumberRange)

        /// A whole number.
        case whole(WritableKeyPath<Settings, Int> & Sendable, ClosedRange<Int>)

        /// A number of epochs, which keeps its share where the run is rescaled.
        case epochs(WritableKeyPath<Settings, Int> & Sendable)

        /// Yes or no.
        case flag(WritableKeyPath<Settings, Bool> & Sendable)
    }

    /// The key in recipes.
    public let key: String

    /// The place and the range.
    public let place: Place

    /// What it does, in one sentence.
    public let meaning: String

    /// Describes a number.
    public static func number(
        _ key: String, _ path: WritableKeyPath<Settings, Double> & Sendable, _ range: NumberRange,
        _ meaning: String
    ) -> Self {
        Self(key: key, place: .number(path, range), meaning: meaning)
    }

    /// Describes a factor, a number of at least 0.
    public static func factor(
        _ key: String, _ path: WritableKeyPath<Settings, Double> & Sendable, _ meaning: String
    ) -> Self {
        .number(key, path, .nonNegative, meaning)
    }

    /// Describes a whole number.
    public static func whole(
        _ key: String, _ path: WritableKeyPath<Settings, Int> & Sendable, _ range: ClosedRange<Int>,
        _ meaning: String
    ) -> Self {
        Self(key: key, place: .whole(path, range), meaning: meaning)
    }

    /// Describes a number of epochs.
    public static func epochs(
        _ key: String, _ path: WritableKeyPath<Settings, Int> & Sendable, _ meaning: String
    ) -> Self {
        Self(key: key, place: .epochs(path), meaning: meaning)
    }

    /// Describes a choice of yes or no.
    public static func flag(
        _ key: String, _ path: WritableKeyPath<Settings, Bool> & Sendable, _ meaning: String
    ) -> Self {
        Self(key: key, place: .flag(path), meaning: meaning)
    }

    /// Describes the factor of the term in the total.
    public static func weight(_ path: WritableKeyPath<Settings, Double> & Sendable) -> Self {
        .factor("weight", path, "The factor of the term in the loss.")
    }
}

/// The numbers that a constant may be.
public enum NumberRange: Sendable {
    /// Above 0.
    case positive

    /// At least 0.
    case nonNegative

    /// From 0 to 1.
    case fraction
}

/// The largest whole number that constants may be, 10⁹: a product of two of them fits into `Int`.
public let largestConstant = 1_000_000_000

/// The most channels that a layer of a method may have, far beyond what memory holds in practice.
public let largestWidth = 65_536

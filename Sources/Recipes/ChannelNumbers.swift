import RecipeSyntax

/// What the three numbers of a normalisation are, one for each colour.
public enum ChannelNumbers: Sendable {
    case mean, deviation

    /// The least deviation of colours from 0 to 1, a quarter of what one step of 255 is.
    ///
    /// Colours that vary less are all the same, and dividing by less makes infinities of them.
    private static let leastDeviation = 0.001

    /// What they must be, in words for an error.
    public var expected: String {
        switch self {
        case .mean: "three numbers R,G,B from 0 to 1"
        case .deviation: "three numbers R,G,B from \(Self.leastDeviation) to 1"
        }
    }

    /// Whether numbers are as expected.
    public func allow(_ values: [Double]) -> Bool {
        let range = self == .mean ? 0...1 : Self.leastDeviation...1
        return values.count == 3 && values.allSatisfy(range.contains)
    }

    /// The numbers that were probably meant.
    ///
    /// - Parameter values: numbers that are not allowed.
    /// - Returns: the same divided by 255, where they seem to be of colours from 0 to 255; else nil.
    public func meant(by values: [Double]) -> [Double]? {
        let scaled = values.map { $0 / 255 }
        guard values.contains(where: { $0 > 2 }), allow(scaled) else { return nil }
        return scaled.map { ($0 * 10_000).rounded() / 10_000 }
    }
}

extension RecipeRule where Value == [Double] {
    /// The mean or the deviation of a normalisation.
    static func channels(_ kind: ChannelNumbers) -> Self {
        Self(expected: "a list of \(kind.expected)") { field in
            guard let fields = field.elements else { return nil }
            let values = try fields.compactMap { try RecipeRule<Double>.finite.read($0) }
            if values.count == fields.count, kind.allow(values) { return values }
            let meant = values.count == fields.count ? kind.meant(by: values) : nil
            throw RecipeError.invalidValue(
                field.location, key: field.key, expected: "a list of \(kind.expected)",
                found: "[\(fields.map(\.found).joined(separator: ", "))]",
                nearest: meant.map { "[\($0.map { "\($0)" }.joined(separator: ", "))]" })
        }
    }
}

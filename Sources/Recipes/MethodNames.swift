import Basics
import RecipeSyntax

extension MethodSettings.Name {
    fileprivate static let known = allCases.map(\.rawValue)
    static let expected =
        "one of \(known.joined(separator: ", ")), or several but alone joined by +"

    /// The sentence for names that cannot be read, with the nearest ones that can.
    public static func unknown(_ text: String, option: String) -> String {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let twice = parts.first { part in
            known.contains(part) && parts.count { $0 == part } > 1
        }
        if let twice {
            return "\(option) is \(text), expected each method once, found \(twice) twice"
        }
        if parts.count > 1, parts.contains(Self.alone.rawValue) {
            return
                "\(option) is \(text), but alone cannot be joined to a method that distills; leave out "
                + "alone or the others"
        }
        if let refinement = parts.first(where: { Self(rawValue: $0)?.refinesReview == true }),
            !parts.contains(Self.reviewkd.rawValue),
            parts.allSatisfy({ known.contains($0) })
        {
            return
                "\(option) is \(text), but \(refinement) changes the review and is nothing without it; "
                + "write \(([Self.reviewkd.rawValue] + parts).joined(separator: "+"))"
        }
        return "\(option) is \(text), expected \(expected)"
            + (nearest(to: text).map { "; did you mean \"\($0)\"?" } ?? "")
    }

    /// The methods that were probably meant, as they are joined; nil where they cannot be.
    ///
    /// Whoever joins them by a comma, a space or another sign means the same as by `+`.
    fileprivate static func nearest(to text: String) -> String? {
        let parts = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let names = parts.compactMap { NearestName.find($0, among: known) }
        guard names.count == parts.count else { return nil }
        // What refines the review was meant with it.
        return [names, [Self.reviewkd.rawValue] + names].map { $0.joined(separator: "+") }
            .first { [Self](joined: $0) != nil }
    }
}

extension RecipeRule where Value == [MethodSettings.Name] {
    static let methods =
        Self(
            expected: MethodSettings.Name.expected,
            nearest: { MethodSettings.Name.nearest(to: $0) },
            read: { field in
                field.scalar.flatMap { [MethodSettings.Name](joined: $0) }
            },
            text: { $0.map(\.rawValue).joined(separator: "+") })
}

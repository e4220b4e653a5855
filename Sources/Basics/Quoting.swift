extension String {
    /// The text as an error may show it: a file must not steer a terminal or fill it.
    package var shown: String {
        let limit = 120
        let scalars = unicodeScalars.prefix(limit).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                scalar.escaped(asASCII: true)
            default: String(scalar)
            }
        }
        return scalars.joined() + (unicodeScalars.count > limit ? "…" : "")
    }

    /// The text as an error may show it, between quotation marks.
    package var quoted: String { "'\(shown)'" }
}

extension [String] {
    /// The first five as an error may list them, and how many more there are.
    package var firstFew: String {
        guard !isEmpty else { return "nothing" }
        return prefix(5).joined(separator: ", ") + (count > 5 ? " and \(count - 5) more" : "")
    }
}

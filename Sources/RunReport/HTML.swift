/// A piece of a page, whose text is written as a browser shows it.
struct HTML: ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The source.
    let description: String

    /// Takes source that is HTML already.
    init(raw: String) { description = raw }

    /// Takes a literal, which is HTML.
    init(stringLiteral value: String) { description = value }

    /// Puts together a literal whose parts are texts.
    init(stringInterpolation: StringInterpolation) { description = stringInterpolation.text }

    /// Joins pieces.
    init(_ pieces: [HTML]) { description = pieces.map(\.description).joined(separator: "\n") }

    /// What is written into a literal: a text becomes HTML, and a piece stays as it is.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            for letter in value.description {
                switch letter {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: text.append(letter)
                }
            }
        }

        mutating func appendInterpolation(_ piece: HTML) { text += piece.description }
    }
}

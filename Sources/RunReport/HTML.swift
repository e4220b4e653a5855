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

    /// A picture with words below it.
    ///
    /// - Parameters:
    ///   - png: the picture's file in base 64.
    ///   - text: what the picture shows, for those who do not see it.
    ///   - caption: the words below.
    /// - Returns: the piece.
    static func figure(_ png: String, _ text: String, caption: String) -> HTML {
        """
        <figure><img src="data:image/png;base64,\(png)" alt="\(text)"><figcaption>\(caption)</figcaption></figure>
        """
    }

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

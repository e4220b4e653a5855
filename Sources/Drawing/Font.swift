/// A small font of ASCII, each character a few pixels.
enum Font {
    /// The pixels from the start of one character to that of the next.
    static let advance = Glyphs.columns + 1

    /// The characters by their codes from 32 on; bit `column` of a row is set where there is ink.
    private static let characters: [[UInt8]] = {
        var characters: [[UInt8]] = []
        for block in Glyphs.art.split(separator: "\n\n") {
            let lines = block.split(separator: "\n").map { $0.split(separator: " ") }
            for place in lines.first?.indices ?? 0..<0 {
                characters.append(lines.map { bits(of: $0[place]) })
            }
        }
        return characters
    }()

    private static func bits(of row: Substring) -> UInt8 {
        row.enumerated().reduce(0) { $1.element == "#" ? $0 | 1 << $1.offset : $0 }
    }

    /// The rows of a character; those of a question mark where the font does not have it.
    static func rows(of character: Unicode.Scalar) -> [UInt8] {
        let code = Int(character.value) - 32
        return characters.indices.contains(code) ? characters[code] : characters[31]
    }

    /// How many pixels wide a text is.
    static func width(of text: String) -> Int { max(0, text.unicodeScalars.count * advance - 1) }
}

/// What a terminal of some width shows, as far as lines drawn over each other need it.
struct Screen {
    /// Every line that was ever begun, from the top.
    private(set) var lines: [[Character]] = [[]]
    private var column = 0

    /// The widths of the texts that stood before they were erased.
    private(set) var drawn: [String] = []

    init(_ text: String, columns: Int) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n":
                lines.append([])
                column = 0
            case "\u{1B}":
                // ESC [ digits letter: erasing to the end of the line is all that moves anything.
                let sequence = rest.prefix { !("A"..."z").contains($0) || $0 == "[" }
                rest = rest.dropFirst(sequence.count)
                guard rest.popFirst() == "K" else { continue }
                let line = lines[lines.count - 1]
                if !line.isEmpty { drawn.append(String(line)) }
                lines[lines.count - 1] = Array(line.prefix(column))
            default:
                if column == columns {
                    lines.append([])
                    column = 0
                }
                var line = lines[lines.count - 1]
                if column < line.count {
                    line[column] = Character(scalar)
                } else {
                    line.append(Character(scalar))
                }
                lines[lines.count - 1] = line
                column += 1
            }
        }
    }

    /// The lines that are left.
    var texts: [String] { lines.map { String($0) }.filter { !$0.isEmpty } }
}

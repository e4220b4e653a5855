extension String {
    /// How many columns of a terminal the text takes.
    ///
    /// A run's name may hold the name of a recipe's file, which may be of any script: Chinese, Japanese and Korean
    /// characters and emoji take two columns, combining marks none. Where terminals differ, as with joined
    /// emoji, it is the larger number.
    package var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

    /// The text itself, or as much of its start as fits, with `…` behind it.
    package func cut(toColumns limit: Int) -> String {
        guard columns > limit else { return self }
        var text = ""
        for character in self where limit > 0 {
            guard text.columns + String(character).columns < limit else { return text + "…" }
            text.append(character)
        }
        return text
    }
}

extension Unicode.Scalar {
    /// The blocks whose characters are wide, by Unicode's East Asian Width.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
        0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]

    fileprivate var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: 0
        default: Self.wide.contains { $0.contains(value) } ? 2 : 1
        }
    }
}

import Foundation
import Yams

extension String {
    /// The text as a YAML scalar: bare where that reads back as the same text, else double-quoted.
    package var yaml: String {
        let bare = allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || " ._-/".contains($0))
        }
        let trimmed = trimmingCharacters(in: .whitespaces) == self
        let opens = first.map { $0.isLetter } ?? false
        if bare, trimmed, opens, Node(self).tag.rawValue == Tag.Name.str.rawValue { return self }
        let escaped = unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 32 || (127..<160).contains(scalar.value):
                "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

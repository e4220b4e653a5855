/// Texts as a user pastes them behind a prompt.
package enum ShellWord {
    /// The text as a shell reads it as one word, between quotation marks where it needs them.
    ///
    /// What would steer a terminal is shown as by `shown`, and cannot be pasted.
    package static func of(_ text: String) -> String {
        guard !text.unicodeScalars.contains(where: isControl) else { return quote(text.shown) }
        let isPlain = !text.isEmpty && text.unicodeScalars.allSatisfy(plain.contains)
        return isPlain ? text : quote(text)
    }

    /// An option with its value, joined by = where the value would be taken for another option.
    package static func option(_ name: String, _ value: String) -> String {
        "\(name)\(value.hasPrefix("-") ? "=" : " ")\(of(value))"
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-".unicodeScalars)

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func quote(_ text: String) -> String {
        // A quotation mark ends the quoted part, stands by itself, and begins the next part.
        "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
    }
}

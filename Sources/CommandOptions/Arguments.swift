import ArgumentParser
import Foundation
import Recipes
import Training

/// The arguments of the command line as a shell gives them.
package enum Arguments {
    /// Refuses an argument that is empty or holds nothing but white space: no option, file or name of this tool
    /// may be, and `--output "$OUT"` with an unset variable must not write into the root folder.
    ///
    /// It is checked here, before any command sees its arguments, so that no option can be forgotten. A folder that
    /// really is called ` ` can be given as `./ `.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - root: the command that they are for.
    /// - Throws: `ValidationError` with the name of the option where there is one.
    package static func refuseEmpty(
        _ arguments: [String], for root: any ParsableCommand.Type
    ) throws {
        for (index, argument) in arguments.enumerated() {
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let before = index > 0 ? arguments[index - 1] : ""
            let place: String
            // The arguments that remain where the option is left out.
            var others = arguments
            if isBlank(argument[...]) {
                // `--name=value` and flags take nothing more, but which are flags only a command knows.
                let isOption = before.hasPrefix("--") && !before.contains("=")
                place = isOption ? "the value of \(before)" : "argument \(index + 1)"
                others.removeSubrange((isOption ? index - 1 : index)...index)
            } else if parts.count == 2, argument.hasPrefix("--"), isBlank(parts[1]) {
                place = "the value of \(parts[0])"
                others.remove(at: index)
            } else {
                continue
            }
            throw ValidationError(
                "\(place) is empty, expected some text; perhaps a variable of the shell is not set: "
                    + "set it" + (isComplete(others, for: root) ? ", or leave it out" : ""))
        }
    }

    /// Whether a command has what it must have.
    private static func isComplete(
        _ arguments: [String], for root: any ParsableCommand.Type
    ) -> Bool {
        do {
            _ = try root.parseAsRoot(arguments)
            return true
        } catch {
            return false
        }
    }

    private static func isBlank(_ text: Substring) -> Bool { text.allSatisfy(\.isWhitespace) }
}

/// Splits a list of the command line at its commas, around which there may be spaces.
package func listed(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
}

/// Reads a whole number of the command line.
///
/// Options with numbers take `parsing: .unconditional`, because a negative number looks like an option's name.
package func wholeNumber(_ text: String) throws -> Int {
    if let number = Int(text) { return number }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.allSatisfy({ ("0"..."9").contains($0) }) else {
        throw ValidationError("expected a whole number in digits, as 1000")
    }
    throw ValidationError("expected a whole number that fits into 64 bits")
}

/// Refuses numbers out of their range.
///
/// - Parameter numbers: the option, its value where it is given, and what it may be.
/// - Throws: `ValidationError` at the first one.
package func requireRanges(_ numbers: [(option: String, value: Int?, range: ClosedRange<Int>)])
    throws
{
    for (option, value, range) in numbers {
        guard let value, !range.contains(value) else { continue }
        // Of what is too small the least says enough.
        let expected =
            value < range.lowerBound
            ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        throw ValidationError("\(option) is \(value), expected \(expected)")
    }
}

extension ClosedRange<Int> {
    /// What counts steps, epochs or images may be; a product of two such numbers does not overflow.
    package static let counts = 1...Recipe.largestNumber
}

import ArgumentParser
import Training

/// Reads a whole number of the command line.
///
/// Options with numbers take `parsing: .unconditional`, because a negative number looks like an option's name.
func wholeNumber(_ text: String) throws -> Int {
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
func requireRanges(_ numbers: [(option: String, value: Int?, range: ClosedRange<Int>)]) throws {
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
    static let counts = 1...Recipe.largestNumber
}

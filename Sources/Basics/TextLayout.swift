import Foundation

extension Double {
    /// The number with a fixed count of decimal places.
    package func formatted(places: Int) -> String { String(format: "%.\(places)f", self) }
}

extension String {
    /// The text with spaces behind it, at least one, up to a width.
    package func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

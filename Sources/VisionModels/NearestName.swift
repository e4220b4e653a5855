/// Finds the name that was probably meant.
package enum NearestName {
    /// Returns the candidate closest to a name, unless more than half of the letters differ.
    ///
    /// - Parameters:
    ///   - name: What was written.
    ///   - candidates: The valid names; of equally close ones the first is taken.
    /// - Returns: The closest candidate, or `nil` where none is near.
    package static func find(_ name: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { ($0, distance(name.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 * 2 <= max(name.count, best.0.count) ? best.0 : nil
    }

    /// The Levenshtein distance: insertions, deletions and substitutions from one text to another.
    package static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second)
        var row = Array(0...second.count)
        for (index, letter) in first.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in second.indices {
                let substituted = diagonal + (letter == second[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}

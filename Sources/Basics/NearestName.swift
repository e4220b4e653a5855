/// Finds the name that was probably meant.
package enum NearestName {
    /// Returns the candidate closest to a name, unless more than a third of the letters differ.
    ///
    /// Letter case does not count.
    ///
    /// - Parameters:
    ///   - name: What was written.
    ///   - candidates: The valid names; of equally close ones the first is taken.
    /// - Returns: The closest candidate, or `nil` where none is near.
    package static func find(_ name: String, among candidates: [String]) -> String? {
        let name = name.lowercased()
        let ranked = candidates.map { ($0, distance(name, $0.lowercased())) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        // Rounded up, so that one letter of a name of two may be wrong.
        return best.1 <= (max(name.count, best.0.count) + 2) / 3 ? best.0 : nil
    }

    /// The distance of texts: insertions, deletions, substitutions and exchanges of neighbouring letters
    /// from one to the other (optimal string alignment).
    package static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first), Array(second))
        var earlier: [Int] = []
        var former = Array(0...second.count)
        for (index, letter) in first.enumerated() {
            var row = [index + 1]
            for column in second.indices {
                let substituted = former[column] + (letter == second[column] ? 0 : 1)
                var least = min(substituted, former[column + 1] + 1, row[column] + 1)
                if index > 0, column > 0, letter == second[column - 1],
                    first[index - 1] == second[column]
                {
                    least = min(least, earlier[column - 1] + 1)
                }
                row.append(least)
            }
            earlier = former
            former = row
        }
        return former[second.count]
    }
}

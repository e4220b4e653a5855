/// How each result of an evaluation was matched.
///
/// Each thread writes the slots of its own groups, and nobody reads before all have.
final class Matches: @unchecked Sendable {
    /// The rank of a result that does not count because its image has enough others of its class.
    static let dropped = UInt8.max

    /// Numbers that put results in the order of falling scores, those without a number last.
    let keys: UnsafeMutableBufferPointer<UInt64>

    /// How many results of the image and class have a better score.
    let ranks: UnsafeMutableBufferPointer<UInt8>

    /// How they were matched, by range of areas.
    let states: [UnsafeMutableBufferPointer<MatchState>]

    init(count: Int) {
        keys = .allocate(capacity: count)
        ranks = .allocate(capacity: count)
        states = EvaluationRules.areas.map { _ in .allocate(capacity: count) }
        keys.initialize(repeating: 0)
        ranks.initialize(repeating: Self.dropped)
        for area in states { area.initialize(repeating: MatchState(matched: 0, ignored: 0)) }
    }

    deinit {
        keys.deallocate()
        ranks.deallocate()
        for area in states { area.deallocate() }
    }

    /// The number of a score that puts it in the order of falling scores.
    ///
    /// Zeros of both signs are equal, and what is no number is last, as in numpy's stable sort.
    static func key(of score: Double) -> UInt64 {
        guard !score.isNaN else { return .max }
        let bits = score.bitPattern
        // Positive numbers rise with their bits, negative ones fall. The greatest gets the least key, and −0.0 that of 0.
        return score < 0 ? bits : ~bits & ~(1 << 63)
    }
}

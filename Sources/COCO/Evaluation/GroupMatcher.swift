/// Matches the results of groups with their objects.
///
/// Reference: `evaluateImg` of pycocotools' `cocoeval.py`.
struct GroupMatcher {
    private let comparison: Comparison
    private let matches: Matches

    /// The overlaps, and what was found with them.
    private(set) var overlaps: GroupOverlaps

    /// The results of the group in the order of their scores.
    private var order: [(key: UInt64, position: Int)] = []
    private var best: [Int] = []
    private var checked = MaskList()

    /// Whether each object of the group is ignored, and at which thresholds it is taken, in the range that is looked at.
    private var isIgnored: [Bool] = []
    private var taken: [UInt32] = []

    init(_ comparison: Comparison, into matches: Matches) {
        self.comparison = comparison
        self.matches = matches
        overlaps = GroupOverlaps(comparison)
    }

    /// Matches a group.
    ///
    /// - Throws: `COCOEvaluationError` where a mask is none, or where a match has no id that counts it.
    mutating func match(_ group: EvaluationGroup) throws(COCOEvaluationError) {
        sortResults(group)
        try checkRest(group)
        guard !best.isEmpty else { return }
        try overlaps.compute(group, best[...])
        for (rank, entry) in order.prefix(best.count).enumerated() {
            let slot = group.results.lowerBound + rank
            matches.keys[slot] = entry.key
            matches.ranks[slot] = UInt8(rank)
        }
        for area in EvaluationRules.areas.indices { try match(group, area) }
    }

    /// Puts the results in the order of their scores; equal ones stay in that of the file.
    private mutating func sortResults(_ group: EvaluationGroup) {
        order.removeAll(keepingCapacity: true)
        for place in group.results {
            let position = comparison.table.positions[place]
            order.append(
                (Matches.key(of: comparison.results.results[position].score), position))
        }
        if order.count > 1 { order.sort { ($0.key, $0.position) < ($1.key, $1.position) } }
        best.removeAll(keepingCapacity: true)
        for entry in order.prefix(EvaluationRules.resultLimit) { best.append(entry.position) }
    }

    /// Checks the masks that are compared with none.
    private mutating func checkRest(_ group: EvaluationGroup) throws(COCOEvaluationError) {
        guard comparison.type == .segm else { return }
        checked.removeAll()
        if best.isEmpty {
            for truth in comparison.truths.truths[group.truths] {
                try comparison.append(truth: truth.position, image: group.image, to: &checked)
            }
        }
        for entry in order.dropFirst(best.count) {
            try comparison.append(result: entry.position, image: group.image, to: &checked)
        }
    }

    /// Matches a group in one range of areas.
    private mutating func match(
        _ group: EvaluationGroup, _ area: Int
    ) throws(COCOEvaluationError) {
        let range = EvaluationRules.areas[area]
        let truths = comparison.truths.truths[group.truths]
        isIgnored.removeAll(keepingCapacity: true)
        taken.removeAll(keepingCapacity: true)
        for truth in truths {
            isIgnored.append(truth.isCrowd || EvaluationRules.isOutside(truth.area, range))
            taken.append(0)
        }
        for place in best.indices {
            var (matched, ignored) = (UInt32(0), UInt32(0))
            if overlaps.starts[place] < overlaps.starts[place + 1] {
                for threshold in 0..<overlaps.reached[place] {
                    guard let found = candidate(of: place, at: threshold, truths) else { continue }
                    let bit: UInt32 = 1 << UInt32(threshold)
                    taken[found] |= bit
                    if isIgnored[found] { ignored |= bit }
                    let truth = truths[group.truths.lowerBound + found]
                    switch truth.idKind {
                    case .number: matched |= bit
                    case .zero: break
                    case .text:
                        let annotations = comparison.annotations
                        throw .textID(
                            path: annotations.path, entry: annotations.entry(truth.position))
                    }
                }
            }
            if EvaluationRules.isOutside(overlaps.areas[place], range) {
                ignored |= ~matched & EvaluationRules.allThresholds
            }
            matches.states[area][group.results.lowerBound + place] = MatchState(
                matched: matched, ignored: ignored)
        }
    }

    /// The object that a result is matched with at a threshold, as its place in the group.
    ///
    /// Those that are not ignored come first, and of equal overlaps the last one counts.
    private func candidate(
        of place: Int, at threshold: Int, _ truths: ArraySlice<TruthTable.Truth>
    ) -> Int? {
        let bit: UInt32 = 1 << UInt32(threshold)
        for wantsIgnored in [false, true] {
            var found: Int?
            var least = EvaluationRules.thresholds[threshold]
            for index in overlaps.starts[place]..<overlaps.starts[place + 1] {
                let candidate = overlaps.candidates[index]
                guard isIgnored[candidate.truth] == wantsIgnored else { continue }
                let isFree =
                    taken[candidate.truth] & bit == 0
                    || truths[truths.startIndex + candidate.truth].isCrowd
                guard isFree, !(candidate.overlap < least) else { continue }
                least = candidate.overlap
                found = candidate.truth
            }
            if let found { return found }
        }
        return nil
    }
}

import Basics
import Synchronization

/// One comparison of all results with all objects.
struct EvaluationPass {
    /// The curves of each class.
    let curves: [ClassCurves]

    /// What a user should know.
    let remarks: [COCORemark]

    init(
        _ annotations: COCOAnnotations, _ results: COCOResults, _ type: COCOEvaluationType,
        _ images: ImageOrder, _ table: ResultTable, isStrict: Bool, threads: Int
    ) throws(COCOEvaluationError) {
        let truths = try TruthTable(
            of: annotations, images: images, type: type, strictIDs: isStrict)
        let comparison = Comparison(
            annotations: annotations, results: results, type: type, truths: truths, table: table,
            sizes: annotations.images.map { MaskList.Size($0) }, isStrict: isStrict)
        let matches = Matches(count: table.positions.count)
        let found = try Self.match(
            comparison, EvaluationGroup.all(truths, table, images), into: matches, threads)
        curves = Self.curves(comparison, matches, images.positions.count, threads)
        remarks = Self.remarks(comparison, found)
    }

    /// What was found while matching.
    private struct Findings {
        var undefinedCount = 0
        var otherSizeCount = 0
    }

    /// Matches all groups.
    private static func match(
        _ comparison: Comparison, _ groups: [EvaluationGroup], into matches: Matches, _ threads: Int
    ) throws(COCOEvaluationError) -> Findings {
        let parts = EvaluationGroup.parts(of: groups, count: threads * 16)
        let state = Mutex((findings: Findings(), failure: nil as (Int, COCOEvaluationError)?))
        inParallel(parts.count, threads: threads) { part in
            var matcher = GroupMatcher(comparison, into: matches)
            var failure: COCOEvaluationError?
            do throws(COCOEvaluationError) {
                for group in groups[parts[part]] { try matcher.match(group) }
            } catch {
                failure = error
            }
            state.withLock { state in
                state.findings.undefinedCount += matcher.overlaps.undefinedCount
                state.findings.otherSizeCount += matcher.overlaps.otherSizeCount
                // Of several the one of the first part is told, however the threads share the parts.
                if let failure, part < state.failure?.0 ?? .max { state.failure = (part, failure) }
            }
        }
        let (findings, failure) = state.withLock { $0 }
        if let failure { throw failure.1 }
        return findings
    }

    /// Draws the curves of all classes.
    private static func curves(
        _ comparison: Comparison, _ matches: Matches, _ imageCount: Int, _ threads: Int
    ) -> [ClassCurves] {
        let classCount = comparison.annotations.categories.count
        let curves = Mutex([ClassCurves](repeating: .empty, count: classCount))
        let slots = ranges(of: comparison.table.groups, classCount, imageCount)
        let truths = ranges(of: comparison.truths.groups, classCount, imageCount)
        inParallel(classCount, threads: threads) { number in
            var drawer = CurveDrawer()
            let own = comparison.truths.truths[truths[number]]
            let counts = EvaluationRules.areas.map { range in
                own.count { !$0.isCrowd && !EvaluationRules.isOutside($0.area, range) }
            }
            let drawn = drawer.curves(of: slots[number], in: matches, truthCounts: counts)
            curves.withLock { $0[number] = drawn }
        }
        return curves.withLock { $0 }
    }

    /// Where the places of each class are, which are in order.
    private static func ranges(
        of groups: [Int], _ classCount: Int, _ imageCount: Int
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var begin = 0
        for number in 0..<classCount {
            var end = begin
            while end < groups.count, groups[end] < (number + 1) * imageCount { end += 1 }
            ranges.append(begin..<end)
            begin = end
        }
        return ranges
    }

    private static func remarks(_ comparison: Comparison, _ findings: Findings) -> [COCORemark] {
        let (annotations, results) = (comparison.annotations, comparison.results)
        let (truths, table) = (comparison.truths, comparison.table)
        var remarks: [COCORemark] = []
        if let zero = truths.zeroIDs {
            remarks.append(
                .zeroIDs(
                    path: annotations.path, entry: "annotation \(zero.first + 1)", count: zero.count
                ))
        }
        if !truths.repeatedIDs.isEmpty {
            remarks.append(
                .repeatedIDs(
                    path: annotations.path,
                    ids: Set(truths.repeatedIDs).sorted().map { "\($0)" }))
        }
        if findings.undefinedCount > 0, !comparison.isStrict {
            remarks.append(
                .undefinedOverlaps(path: results.path, count: findings.undefinedCount))
        }
        let undefinedScores = results.results.count { $0.score.isNaN }
        if undefinedScores > 0 {
            remarks.append(.undefinedScores(path: results.path, count: undefinedScores))
        }
        if table.unlisted.count > 0 {
            remarks.append(
                .unlistedResults(
                    path: results.path, ids: table.unlisted.ids.sorted().map { "\($0)" },
                    count: table.unlisted.count))
        }
        if truths.unlistedCount > 0 {
            remarks.append(
                .unlistedObjects(path: annotations.path, count: truths.unlistedCount))
        }
        switch comparison.type {
        case .bbox:
            if !table.haveBoxes { remarks.append(.boxesOfMasks(path: results.path)) }
        case .segm:
            let count = table.positions.count { results.results[$0].segmentation == nil }
            if count > 0 { remarks.append(.masksOfBoxes(path: results.path, count: count)) }
        }
        if findings.otherSizeCount > 0 {
            remarks.append(.otherSizes(path: results.path, count: findings.otherSizeCount))
        }
        return remarks
    }
}

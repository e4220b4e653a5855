import Masks

/// The overlaps of the objects and results of a group, as far as they may count.
///
/// Reference: `bbIou` and `rleIou` of pycocotools' `maskApi.c`.
struct GroupOverlaps {
    /// An object that a result may be matched with.
    struct Candidate {
        /// The place of the object in its group.
        let truth: Int

        /// The intersection over the union, or over the result's own area where the object is a crowd region.
        let overlap: Double
    }

    /// The candidates, result after result, in the order of the objects.
    private(set) var candidates: [Candidate] = []

    /// Where the candidates of each result begin.
    private(set) var starts: [Int] = []

    /// How many thresholds, from the least on, the greatest overlap of each result reaches.
    private(set) var reached: [Int] = []

    /// The areas of the results.
    private(set) var areas: [Double] = []

    /// How many results have an overlap that is no number so far.
    private(set) var undefinedCount = 0

    /// How many masks of results had another size than that of an object so far.
    private(set) var otherSizeCount = 0

    private let comparison: Comparison
    private var truthBoxes: [COCOBox] = []
    private var truthMasks = MaskList()
    private var resultMasks = MaskList()

    init(_ comparison: Comparison) { self.comparison = comparison }

    /// Computes the overlaps of a group.
    ///
    /// - Parameters:
    ///   - group: the group.
    ///   - results: the positions of its results, in the order of their scores.
    /// - Throws: `COCOEvaluationError` where a mask is none.
    mutating func compute(
        _ group: EvaluationGroup, _ results: ArraySlice<Int>
    ) throws(COCOEvaluationError) {
        candidates.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        areas.removeAll(keepingCapacity: true)
        switch comparison.type {
        case .bbox: try computeBoxes(group, results)
        case .segm: try computeMasks(group, results)
        }
        starts.append(candidates.count)
        noteReached()
    }

    private mutating func noteReached() {
        reached.removeAll(keepingCapacity: true)
        for place in starts.indices.dropLast() {
            var greatest = 0.0
            for index in starts[place]..<starts[place + 1] {
                // What is no number reaches all.
                let overlap = candidates[index].overlap
                greatest = overlap.isNaN ? 1 : max(greatest, overlap)
            }
            reached.append(EvaluationRules.thresholds.count { $0 <= greatest })
        }
    }

    private mutating func computeBoxes(
        _ group: EvaluationGroup, _ results: ArraySlice<Int>
    ) throws(COCOEvaluationError) {
        let truths = comparison.truths.truths[group.truths]
        truthBoxes.removeAll(keepingCapacity: true)
        for truth in truths {
            guard let box = comparison.annotations.annotations[truth.position].box else { continue }
            truthBoxes.append(box)
        }
        for position in results {
            let box = try resultBox(position, group)
            starts.append(candidates.count)
            var isUndefined = false
            for (place, truth) in zip(0..., truths) {
                let overlap = Self.overlap(box, truthBoxes[place], isCrowd: truth.isCrowd)
                isUndefined = isUndefined || overlap.isNaN
                append(overlap, with: place)
            }
            if isUndefined { appendUndefined(box, truths) }
        }
    }

    /// Replaces the candidates of a result that overlaps with some object by what is no number.
    ///
    /// pycocotools asks whether an overlap is less than the best one. Nothing is less than what is no number, so
    /// that it takes any object that comes later.
    private mutating func appendUndefined(_ box: COCOBox, _ truths: ArraySlice<TruthTable.Truth>) {
        undefinedCount += 1
        guard !comparison.isStrict, let start = starts.last else { return }
        candidates.removeSubrange(start...)
        for (place, truth) in zip(0..., truths) {
            candidates.append(
                Candidate(
                    truth: place,
                    overlap: Self.overlap(box, truthBoxes[place], isCrowd: truth.isCrowd)))
        }
    }

    /// The box of a result, and its area, which is that of its mask where the results have no boxes.
    private mutating func resultBox(
        _ position: Int, _ group: EvaluationGroup
    ) throws(COCOEvaluationError) -> COCOBox {
        let result = comparison.results.results[position]
        if comparison.table.haveBoxes {
            guard let box = result.box else { throw comparison.missingBox(position) }
            areas.append(box.area)
            return box
        }
        resultMasks.removeAll()
        try comparison.append(result: position, image: group.image, to: &resultMasks)
        areas.append(Double(resultMasks.areas[0]))
        if let box = result.box { return box }
        let box = resultMasks.box(0)
        return COCOBox(
            x: Double(box.x), y: Double(box.y), width: Double(box.width),
            height: Double(box.height))
    }

    private mutating func computeMasks(
        _ group: EvaluationGroup, _ results: ArraySlice<Int>
    ) throws(COCOEvaluationError) {
        let truths = comparison.truths.truths[group.truths]
        truthMasks.removeAll()
        for truth in truths {
            try comparison.append(truth: truth.position, image: group.image, to: &truthMasks)
        }
        for position in results {
            resultMasks.removeAll()
            try comparison.append(result: position, image: group.image, to: &resultMasks)
            let area = resultMasks.areas[0]
            if comparison.table.haveBoxes {
                guard let box = comparison.results.results[position].box else {
                    throw comparison.missingBox(position)
                }
                areas.append(box.area)
            } else {
                areas.append(Double(area))
            }
            starts.append(candidates.count)
            var hasOtherSize = false
            for (place, truth) in zip(0..., truths) {
                guard truthMasks.sizes[place] == resultMasks.sizes[0] else {
                    hasOtherSize = true
                    continue
                }
                let common = truthMasks.intersection(place, with: resultMasks, 0)
                guard common > 0 else { continue }
                let whole = truth.isCrowd ? area : area + truthMasks.areas[place] - common
                append(Double(common) / Double(whole), with: place)
            }
            if hasOtherSize { otherSizeCount += 1 }
        }
    }

    /// Notes an overlap that reaches a threshold.
    private mutating func append(_ overlap: Double, with place: Int) {
        guard overlap >= EvaluationRules.thresholds[0] else { return }
        candidates.append(Candidate(truth: place, overlap: overlap))
    }

    /// The intersection of a result's box and an object's over their union, or over the result's box.
    static func overlap(_ result: COCOBox, _ truth: COCOBox, isCrowd: Bool) -> Double {
        let width =
            least(result.width + result.x, truth.width + truth.x) - greatest(result.x, truth.x)
        guard !(width <= 0) else { return 0 }
        let height =
            least(result.height + result.y, truth.height + truth.y) - greatest(result.y, truth.y)
        guard !(height <= 0) else { return 0 }
        let common = width * height
        return common / (isCrowd ? result.area : result.area + truth.area - common)
    }

    /// C's `fmin`: the other one where one is no number.
    private static func least(_ first: Double, _ second: Double) -> Double {
        first < second || second.isNaN ? first : second
    }

    /// C's `fmax`.
    private static func greatest(_ first: Double, _ second: Double) -> Double {
        first > second || second.isNaN ? first : second
    }
}

/// Precision and recall of the results of one class, by range of areas and by threshold.
struct ClassCurves: Sendable {
    /// How many objects count in each range of areas.
    var truthCounts: [Int]

    /// The mean precision over recall, by range and threshold; 0 where no object counts.
    var precisions: [[Double]]

    /// The recall reached, by range and threshold; 0 where no object counts.
    var recalls: [[Double]]

    /// The recall reached by the first result, and by the first ten, of each image, objects of all sizes.
    var recallsOfOne: [Double]
    var recallsOfTen: [Double]

    /// Those of a class without any object or result.
    static let empty = {
        let zeros = [Double](repeating: 0, count: EvaluationRules.thresholds.count)
        let ranges = EvaluationRules.areas.count
        return ClassCurves(
            truthCounts: [Int](repeating: 0, count: ranges),
            precisions: Array(repeating: zeros, count: ranges),
            recalls: Array(repeating: zeros, count: ranges), recallsOfOne: zeros,
            recallsOfTen: zeros)
    }()
}

/// How one result was matched in one range of areas: a bit for each threshold.
struct MatchState {
    private var bits: UInt32

    /// - Parameters:
    ///   - matched: at which thresholds it was matched with an object.
    ///   - ignored: at which thresholds it counts neither as right nor as wrong.
    init(matched: UInt32, ignored: UInt32) { bits = matched | ignored << 16 }

    /// At which thresholds it is right.
    var right: UInt32 { bits & ~(bits >> 16) & EvaluationRules.allThresholds }

    /// At which thresholds it is wrong.
    var wrong: UInt32 { ~bits & ~(bits >> 16) & EvaluationRules.allThresholds }
}

/// Makes the curves of a class of the states of its results.
///
/// Reference: `accumulate` of pycocotools' `cocoeval.py`.
struct CurveDrawer {
    private var order: [(key: UInt64, slot: Int)] = []
    private var right: [UInt32] = []
    private var wrong: [UInt32] = []
    private var precisions: [Double] = []

    /// Draws the curves.
    ///
    /// - Parameters:
    ///   - slots: the results of the class, image after image, in the order of their scores within an image.
    ///   - matches: how they were matched.
    ///   - truthCounts: how many objects count in each range of areas.
    /// - Returns: the curves.
    mutating func curves(
        of slots: Range<Int>, in matches: Matches, truthCounts: [Int]
    ) -> ClassCurves {
        var curves = ClassCurves.empty
        curves.truthCounts = truthCounts
        order.removeAll(keepingCapacity: true)
        for slot in slots where matches.ranks[slot] != Matches.dropped {
            order.append((matches.keys[slot], slot))
        }
        // Equal scores stay in the order of images, and within an image in that of the file.
        order.sort { ($0.key, $0.slot) < ($1.key, $1.slot) }
        for area in truthCounts.indices where truthCounts[area] > 0 {
            let states = matches.states[area]
            right.removeAll(keepingCapacity: true)
            wrong.removeAll(keepingCapacity: true)
            for entry in order {
                right.append(states[entry.slot].right)
                wrong.append(states[entry.slot].wrong)
            }
            let needed = Self.needed(of: truthCounts[area])
            for threshold in EvaluationRules.thresholds.indices {
                let rightCount = walk(threshold)
                curves.recalls[area][threshold] = Double(rightCount) / Double(truthCounts[area])
                curves.precisions[area][threshold] = meanPrecision(needed)
            }
        }
        if truthCounts[0] > 0 {
            curves.recallsOfOne = recalls(of: 1, matches, truthCounts[0])
            curves.recallsOfTen = recalls(of: 10, matches, truthCounts[0])
        }
        return curves
    }

    /// Walks along the results in the order of their scores, and notes the precision at each right one.
    ///
    /// Precision rises nowhere else, so that its greatest value from any place on is at a right result.
    private mutating func walk(_ threshold: Int) -> Int {
        precisions.removeAll(keepingCapacity: true)
        var (rightCount, wrongCount) = (0, 0)
        let bit: UInt32 = 1 << UInt32(threshold)
        for place in right.indices {
            if right[place] & bit != 0 {
                rightCount += 1
                precisions.append(
                    Double(rightCount)
                        / (Double(wrongCount + rightCount) + Double.ulpOfOne))
            } else if wrong[place] & bit != 0 {
                wrongCount += 1
            }
        }
        return rightCount
    }

    /// The mean over the recalls of the greatest precision from there on.
    private mutating func meanPrecision(_ needed: [Int]) -> Double {
        for place in precisions.indices.dropLast().reversed() {
            precisions[place] = max(precisions[place], precisions[place + 1])
        }
        let reached = needed.prefix { $0 <= precisions.count }
        return reached.reduce(0) { $0 + (precisions.isEmpty ? 0 : precisions[max($1, 1) - 1]) }
            / Double(needed.count)
    }

    /// How many right results each recall needs.
    private static func needed(of truthCount: Int) -> [Int] {
        EvaluationRules.recalls.map { recall in
            var count = Int(recall * Double(truthCount))
            while Double(count) / Double(truthCount) < recall { count += 1 }
            while count > 0, Double(count - 1) / Double(truthCount) >= recall { count -= 1 }
            return count
        }
    }

    /// The recalls that the first results of each image reach.
    private func recalls(of limit: UInt8, _ matches: Matches, _ truthCount: Int) -> [Double] {
        var counts = [Int](repeating: 0, count: EvaluationRules.thresholds.count)
        for entry in order where matches.ranks[entry.slot] < limit {
            let right = matches.states[0][entry.slot].right
            for threshold in counts.indices {
                counts[threshold] += Int(right >> UInt32(threshold) & 1)
            }
        }
        return counts.map { Double($0) / Double(truthCount) }
    }
}

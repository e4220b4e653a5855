/// The objects and results of one class in one image.
struct EvaluationGroup: Sendable {
    /// The objects' places in their table.
    let truths: Range<Int>

    /// The results' places in theirs.
    let results: Range<Int>

    /// The position of the image.
    let image: Int

    /// The groups that have an object or a result.
    static func all(_ truths: TruthTable, _ results: ResultTable, _ images: ImageOrder) -> [Self] {
        var groups: [Self] = []
        var (truth, result) = (0, 0)
        while truth < truths.groups.count || result < results.groups.count {
            let group = min(
                truth < truths.groups.count ? truths.groups[truth] : .max,
                result < results.groups.count ? results.groups[result] : .max)
            let (firstTruth, firstResult) = (truth, result)
            while truth < truths.groups.count, truths.groups[truth] == group { truth += 1 }
            while result < results.groups.count, results.groups[result] == group { result += 1 }
            groups.append(
                Self(
                    truths: firstTruth..<truth, results: firstResult..<result,
                    image: images.positions[group % images.positions.count]))
        }
        return groups
    }

    /// Parts of the groups that take about equal times.
    static func parts(of groups: [Self], count: Int) -> [Range<Int>] {
        let total = groups.reduce(0) { $0 + $1.weight }
        var parts: [Range<Int>] = []
        var (begin, weight) = (0, 0)
        for (index, group) in groups.enumerated() {
            weight += group.weight
            guard weight * count >= total || index == groups.count - 1 else { continue }
            parts.append(begin..<index + 1)
            (begin, weight) = (index + 1, 0)
        }
        return parts
    }

    private var weight: Int { truths.count + results.count }
}

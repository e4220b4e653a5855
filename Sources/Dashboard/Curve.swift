/// A curve in memory, of which at most some hundred points are kept.
struct Curve: Sendable {
    /// How many points a page gets of a curve at first, but for a few.
    static let limit = 400

    /// Which run and curve of the records it is.
    let run: Int64
    let name: String

    /// Ascending.
    private(set) var steps: [Int] = []

    /// As many; one that is infinite or none is not a number.
    private(set) var values: [Double] = []

    init(run: Int64, name: String) {
        self.run = run
        self.name = name
    }

    /// Adds a point.
    ///
    /// - Returns: false where its step is not a later one, so that the curve must be read anew.
    mutating func append(_ step: Int, _ value: Double?) -> Bool {
        guard step > steps.last ?? Int.min else { return false }
        steps.append(step)
        values.append(value ?? .nan)
        if steps.count > 2 * Self.limit { self = thinned }
        return true
    }

    /// The curve with about `limit` points: of each stretch of steps the least and the greatest value.
    var thinned: Curve {
        guard steps.count > Self.limit, let first = steps.first, let last = steps.last else {
            return self
        }
        let stretches = Self.limit / 2
        var kept: [Int] = []
        var place = 0
        for stretch in 1...stretches {
            let end = first + (last - first + 1) * stretch / stretches
            var (least, greatest) = (place, place)
            var next = place
            while next < steps.count, steps[next] < end {
                // What is no number stays only where a stretch has nothing else.
                if values[least].isNaN || values[next] < values[least] { least = next }
                if values[greatest].isNaN || values[next] > values[greatest] { greatest = next }
                next += 1
            }
            if next > place { kept += least == greatest ? [least] : [least, greatest].sorted() }
            place = next
        }
        if kept.first != 0 { kept.insert(0, at: 0) }
        if kept.last != steps.count - 1 { kept.append(steps.count - 1) }
        var curve = Curve(run: run, name: name)
        curve.steps = kept.map { steps[$0] }
        curve.values = kept.map { values[$0] }
        return curve
    }

    /// Whether a page that has the one shows the same as with the other.
    func isSame(as other: Curve) -> Bool {
        steps == other.steps
            && values.elementsEqual(other.values) { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
}

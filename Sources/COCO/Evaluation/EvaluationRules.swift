/// What is compared: boxes or masks.
public enum COCOEvaluationType: String, Sendable, CaseIterable {
    /// Boxes.
    case bbox
    /// Masks.
    case segm
}

/// The constants of pycocotools' `Params` for boxes and masks.
enum EvaluationRules {
    /// The overlaps from which on a result is right: ten, from 0.5 to 0.95.
    ///
    /// They are numpy's `linspace(.5, .95, 10)`, of which the ninth is just below 0.9.
    static let thresholds: [Double] = (0..<10).map { index in
        let step: Double = (0.95 - 0.5) / 9
        return index < 9 ? 0.5 + Double(index) * step : 0.95
    }

    /// A bit for each threshold.
    static let allThresholds: UInt32 = 1 << 10 - 1

    /// The recalls at which precision is looked at: numpy's `linspace(0, 1, 101)`.
    static let recalls: [Double] = (0...100).map { index in
        index < 100 ? Double(index) * 0.01 : 1
    }

    /// The areas in pixels of all, small, medium and large objects, both ends included.
    static let areas: [(low: Double, high: Double)] = [
        (0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10),
    ]

    /// How many results of an image and category count.
    static let resultLimit = 100

    /// Whether an area lies outside of a range; one that is no number lies in each.
    static func isOutside(_ area: Double, _ range: (low: Double, high: Double)) -> Bool {
        area < range.low || area > range.high
    }
}

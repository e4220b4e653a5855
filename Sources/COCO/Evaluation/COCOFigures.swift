/// The twelve figures of an evaluation, from 0 to 1; −1 where nothing counts.
///
/// Reference: `summarize` of pycocotools' `cocoeval.py`.
public struct COCOFigures: Sendable, Equatable {
    /// The names of the figures, in pycocotools' order.
    ///
    /// AP is the mean precision over recall and over ten thresholds of the overlap, AP50 and AP75 that at one
    /// threshold. AR is the mean recall with 1, 10 or 100 results an image and category. The letters are for small, medium
    /// and large objects.
    public static let names = [
        "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
    ]

    /// The figures, in the order of the names.
    public let values: [Double]

    /// A figure by its name; nil where there is none of this name.
    public subscript(_ name: String) -> Double? {
        Self.names.firstIndex(of: name).map { values[$0] }
    }

    /// The mean precision over recall and thresholds.
    public var averagePrecision: Double { values[0] }

    /// The figures of some categories together.
    init(_ curves: [ClassCurves]) {
        let (all, small, medium, large) = (0, 1, 2, 3)
        func mean(_ area: Int, _ value: (ClassCurves) -> Double) -> Double {
            let counting = curves.filter { $0.truthCounts[area] > 0 }
            return counting.isEmpty
                ? -1 : counting.reduce(0) { $0 + value($1) } / Double(counting.count)
        }
        func precision(_ area: Int, at threshold: Int? = nil) -> Double {
            mean(area) { curves in
                threshold.map { curves.precisions[area][$0] } ?? curves.precisions[area].mean
            }
        }
        values = [
            precision(all), precision(all, at: 0), precision(all, at: 5), precision(small),
            precision(medium), precision(large), mean(all) { $0.recallsOfOne.mean },
            mean(all) { $0.recallsOfTen.mean }, mean(all) { $0.recalls[all].mean },
            mean(small) { $0.recalls[small].mean }, mean(medium) { $0.recalls[medium].mean },
            mean(large) { $0.recalls[large].mean },
        ]
    }
}

/// The figures of one category.
public struct COCOCategoryFigures: Sendable {
    /// The category.
    public let category: COCOCategory

    /// Its twelve figures.
    public let figures: COCOFigures

    /// The mean precision over recall at each of the ten thresholds, objects of all sizes.
    ///
    /// It is empty where the category has no object that counts.
    public let precisions: [Double]

    /// The recall reached at each of the ten thresholds, objects of all sizes; empty as `precisions`.
    public let recalls: [Double]

    init(_ category: COCOCategory, _ curves: ClassCurves) {
        self.category = category
        figures = COCOFigures([curves])
        let hasObjects = curves.truthCounts[0] > 0
        precisions = hasObjects ? curves.precisions[0] : []
        recalls = hasObjects ? curves.recalls[0] : []
    }
}

extension [Double] {
    /// The mean of numbers of which there are some.
    fileprivate var mean: Double { reduce(0, +) / Double(count) }
}

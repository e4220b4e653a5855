import VisionModels

/// Test accuracies in percent that were published for the pairs of the paper.
///
/// Source: Chen et al., CVPR 2021, tables 1 and 2 (ReviewKD, its teachers and students, OFD), and the
/// same tables with further methods in Tian et al., ICLR 2020 (FitNet, AT, RKD, PKT, CRD), and Zhao et
/// al., CVPR 2022 (DKD). ReviewKD's of the pairs that its paper does not have, R110 → R20 and the last
/// four, are from later papers' tables in the style of theirs, as the CVPR 2024 paper on standardised
/// logits has them, and MLKD's. ReviewKD with `nd` is ReviewKD++ as the programs' README of Wang et al., 2023, has
/// it. `protocol(_:_:)` says how each method's values were made.
package enum PublishedAccuracies {
    private static let columns = [
        "teacher", "alone", "kd", "fitnet", "at", "rkd", "pkt", "crd", "ofd", "reviewkd", "dkd",
        "mlkd", "reviewkd+nd",
    ]

    /// A row each, `-` where nothing is known from a text that could be read.
    private static let table = """
        resnet56-resnet20      72.34 69.06 70.66 69.21 70.55 69.61 70.34 71.16 70.98 71.89 71.97 72.19 72.05
        resnet110-resnet32     74.31 71.14 73.08 71.06 72.31 71.82 72.61 73.48 73.23 73.89 74.11 74.11 -
        resnet110-resnet20     74.31 69.06 70.67 68.99 70.22 69.25 70.25 71.46 71.29 71.34 71.06 71.89 -
        resnet32x4-resnet8x4   79.42 72.50 73.33 73.50 73.44 71.90 73.64 75.51 74.95 75.63 76.32 77.08 76.07
        wrn_40_2-wrn_16_2      75.61 73.26 74.92 73.58 74.08 73.35 74.54 75.48 75.24 76.12 76.24 76.63 -
        wrn_40_2-wrn_40_1      75.61 71.98 73.54 72.24 72.77 72.22 73.45 74.14 74.33 75.09 74.81 75.35 75.66
        vgg13-vgg8             74.64 70.36 72.98 71.02 71.43 71.48 72.88 73.94 73.95 74.84 74.68 75.18 -
        resnet32x4-ShuffleV1   79.42 70.50 74.07 73.59 71.73 72.28 74.10 75.11 -     77.45 76.45 -     77.68
        wrn_40_2-ShuffleV1     75.61 70.50 74.83 73.73 73.32 72.21 73.89 76.05 -     77.14 76.70 -     -
        vgg13-MobileNetV2      74.64 64.60 67.37 64.14 59.40 64.52 67.13 69.73 69.48 70.37 69.71 70.57 -
        ResNet50-MobileNetV2   79.34 64.60 67.35 63.16 58.58 64.43 66.52 69.11 69.04 69.89 70.35 -     70.45
        resnet32x4-ShuffleV2   79.42 71.82 74.45 73.54 72.73 73.21 74.69 75.65 76.82 77.78 77.07 78.44 77.93
        resnet32x4-wrn_16_2    79.42 73.26 74.90 -     -     -     -     -     -     76.11 75.70 -     -
        resnet32x4-wrn_40_2    79.42 75.61 77.70 -     -     -     -     -     -     78.96 78.46 -     -
        wrn_40_2-resnet8x4     75.61 72.50 73.97 -     -     -     -     -     -     74.34 75.56 -     -
        wrn_40_2-MobileNetV2   75.61 64.60 68.36 -     -     -     -     -     -     71.28 69.28 -     -
        """

    private static let values: [String: Double] = {
        var values: [String: Double] = [:]
        for row in table.split(separator: "\n") {
            let words = row.split(separator: " ").map(String.init)
            for (column, word) in zip(columns, words.dropFirst()) {
                values[words[0] + " " + column] = Double(word)
            }
        }
        return values
    }()

    /// What was published for a network without a teacher, in percent; nil where nothing is known.
    package static func top1(of model: Architecture) -> Double? {
        ModelPair.published.lazy.compactMap { pair in
            if pair.teacher == model { return top1(pair.name, "teacher") }
            return pair.student == model ? top1(pair.name, "alone") : nil
        }.first
    }

    /// How the published values of a method were made, all of them with the teachers of RepDistiller.
    ///
    /// Source: the authors' programs and logs; mdistiller's keep the best test epoch.
    ///
    /// - Parameters:
    ///   - pair: as `resnet56-resnet20`.
    ///   - method: by its name, or `teacher`.
    /// - Returns: which epoch was taken, the epochs and the batch; nil where that is not known, as of the pairs that
    ///   the paper does not have.
    package static func `protocol`(_ pair: String, _ method: String) -> String? {
        guard ModelPair.ofPaper.contains(where: { $0.name == pair }) else { return nil }
        switch method {
        case "reviewkd": return "best test epoch of 240, batch 128"
        case "dkd": return "best test epoch of 240, batch 64"
        case "mlkd": return "best test epoch of 480, batch 64, two views"
        case "reviewkd+nd": return "best test epoch of 240, batch 64"
        case _ where columns.contains(method): return "last epoch of 240, batch 64"
        default: return nil
        }
    }

    /// What was published for a pair and method.
    ///
    /// - Parameters:
    ///   - pair: as `resnet56-resnet20`.
    ///   - method: by its name, or `teacher`.
    /// - Returns: percent, or nil where nothing is known.
    package static func top1(_ pair: String, _ method: String) -> Double? {
        values["\(pair) \(method)"]
    }
}

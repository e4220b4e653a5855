import TorchTestSupport

/// What is done with one kind of files of golden values.
struct DetectionCheck: Sendable {
    /// How the names of these files begin.
    let prefix: String

    /// Compares everything in the file.
    let run: @Sendable (DetectionFile, inout Agreement) throws -> Void

    /// Every kind that there is; a new one is a line here.
    static let all: [DetectionCheck] = [
        DetectionCheck("architectures-detection", checkDetectorArchitectures),
        DetectionCheck("forward-", checkForward),
        DetectionCheck("losses-", checkDetectorLosses),
        DetectionCheck("reviewkd-", checkDetectorReview),
        DetectionCheck("stats-", checkRunningStatistics),
        DetectionCheck("unit-anchors", checkAnchors),
        DetectionCheck("unit-box-transform", checkBoxTransform),
        DetectionCheck("unit-iou", checkOverlaps),
        DetectionCheck("unit-losses", checkLosses),
        DetectionCheck("unit-mask-targets", checkMaskTargets),
        DetectionCheck("unit-matcher", checkMatcher),
        DetectionCheck("unit-nms", checkSuppression),
        DetectionCheck("unit-roialign", checkRoIAlign),
        DetectionCheck("unit-sizes", checkSizes),
    ]

    init(
        _ prefix: String, _ run: @escaping @Sendable (DetectionFile, inout Agreement) throws -> Void
    ) {
        self.prefix = prefix
        self.run = run
    }

    /// One that wants the contents alone.
    private init(
        _ prefix: String, _ run: @escaping @Sendable (JSONValue, inout Agreement) throws -> Void
    ) {
        self.init(prefix) { file, agreement in try run(file.contents(), &agreement) }
    }
}

extension Agreement {
    /// Notes the keys of an object that are not known, so that nothing in a file goes unseen; words alone are
    /// explanations.
    mutating func expectKeys(
        of value: JSONValue, in known: [String], _ name: String = "the file"
    ) {
        for key in value.keys where !known.contains(key) {
            if case .string = value.optional(key) { continue }
            notCompared.append("'\(key)' of \(name)")
        }
    }
}

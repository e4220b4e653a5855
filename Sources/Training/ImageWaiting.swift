/// Tells, once in a run, that steps had to wait for images.
struct ImageWaiting {
    /// The share of an epoch's time from which waiting is worth a word.
    private static let share = 0.05

    private var isTold = false
    private var earlier = 0.0

    /// Takes in an epoch.
    ///
    /// - Parameters:
    ///   - seconds: how long its steps took in this process.
    ///   - steps: they know how long they waited.
    /// - Returns: what to tell; nil where there is nothing to say.
    mutating func remark(afterEpochOf seconds: Double, _ steps: any Steps) -> SlowImagesRemark? {
        let waited = steps.waitedSeconds - earlier
        earlier = steps.waitedSeconds
        guard !isTold, let workers = steps.workers, seconds > 0, waited > Self.share * seconds
        else { return nil }
        isTold = true
        return SlowImagesRemark(share: min(1, waited / seconds), workers: workers)
    }
}

/// That steps had to wait for images.
public struct SlowImagesRemark: Sendable, CustomStringConvertible {
    /// The part of an epoch's time that was spent so.
    public let share: Double

    /// The threads that read images.
    public let workers: Int

    /// What happened, and what to do.
    public var description: String { "\(problem) \(remedy)." }

    /// What happened.
    package var problem: String {
        "steps waited for images during \(Int((100 * share).rounded())) % of the epoch; \(workers) "
            + "thread\(workers == 1 ? "" : "s") read\(workers == 1 ? "s" : "") them."
    }

    /// What to do.
    package var remedy: String {
        "Take more threads for that where processors are free, or make the files smaller"
    }
}

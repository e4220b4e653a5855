/// How well a network recognises a set of images.
public struct EvaluationResult: Codable, Sendable, Equatable {
    /// The mean cross entropy.
    public var loss: Double

    /// How often the first guess is right, in percent.
    public var top1: Double

    /// How often one of the first five guesses is right, in percent.
    public var top5: Double

    /// How many images there were.
    public var count: Int

    /// Gathers the figures.
    public init(loss: Double, top1: Double, top5: Double, count: Int) {
        self.loss = loss
        self.top1 = top1
        self.top5 = top5
        self.count = count
    }
}

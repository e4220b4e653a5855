/// Where in a file the weights are, as a user names it.
public struct WeightsKey: Sendable, Equatable {
    /// The keys that lead to the weights in a checkpoint, joined by dots, or what the names of the weights
    /// begin with; nil for the known keys.
    public var path: String?

    /// The command's option that takes it, for remedies.
    public var option: String

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - path: the keys joined by dots, or a prefix of the names; nil for the known keys.
    ///   - option: what remedies call the option.
    public init(_ path: String? = nil, option: String = "--weights-key") {
        self.path = path
        self.option = option
    }
}

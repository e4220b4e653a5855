/// Where in a file the weights are, as a user names it.
public struct WeightsKey: Sendable, Equatable {
    /// The keys that lead to the weights in a checkpoint, joined by dots, or what the names of the weights
    /// begin with; nil for the known keys.
    public var path: String?

    /// Makes a key.
    ///
    /// - Parameter path: the keys joined by dots, or a prefix of the names; nil for the known keys.
    public init(_ path: String? = nil) { self.path = path }
}

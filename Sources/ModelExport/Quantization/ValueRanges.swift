import ONNXFiles
import Torch

/// The least and the largest number that each value of a graph took over some images.
public struct ValueRanges: Sendable, Equatable {
    private var ranges: [String: ClosedRange<Double>] = [:]

    /// How many images were seen.
    public private(set) var imageCount = 0

    /// Begins with no images.
    public init() {}

    /// Runs a graph on images and widens the ranges by what its values are.
    ///
    /// - Parameters:
    ///   - images: what the graph takes, `[N, 3, H, W]`.
    ///   - run: the graph.
    /// - Throws: `GraphRunError`, or `ExportError.noRange` where a value is not finite.
    public mutating func add(_ images: Tensor, by run: GraphRun) throws {
        var unbounded: String?
        var ranges = ranges
        _ = try run(images) { name, tensor in
            let (least, most) = (-(-tensor).max().item(), tensor.max().item())
            guard least.isFinite, most.isFinite else {
                unbounded = unbounded ?? name
                return
            }
            let known = ranges[name] ?? least...most
            ranges[name] = min(known.lowerBound, least)...max(known.upperBound, most)
        }
        if let unbounded { throw ExportError.noRange(value: unbounded) }
        self.ranges = ranges
        imageCount += images.size(0)
    }

    /// The range of a value; nil where it was not seen.
    public subscript(value: String) -> ClosedRange<Double>? { ranges[value] }
}

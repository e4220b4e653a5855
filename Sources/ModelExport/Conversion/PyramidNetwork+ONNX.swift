import ONNXFiles
import Torch
import TorchNN
import VisionModels

extension PyramidNetwork {
    /// The levels of this network's pyramid as a graph, from `images`, float32 `[N, 3, H, W]`.
    ///
    /// Each level is an output, called `p` and the binary logarithm of its stride, as `p2` for stride 4. The network
    /// itself stays as it is.
    ///
    /// - Parameters:
    ///   - name: what the graph, and errors, call it.
    ///   - folds: whether batch norms become part of the convolutions before them.
    ///   - normalization: the mean and the deviation by which the graph normalises images of 0...1; nil where
    ///     images come normalised.
    ///   - divisor: a number of pixels, of which height and width of the images are multiples.
    ///   - maps: the levels of some images, by layers that are recorded.
    /// - Returns: the graph, for any number of images, and any height and width that are such multiples.
    /// - Throws: `ExportError` where the network calls what has no counterpart, or has nothing to fold.
    /// - Precondition: the network is on the CPU, in float32.
    public func onnxPyramid(
        named name: String, folds: Bool = false,
        normalization: (mean: [Double], deviation: [Double])? = nil, divisor: Int,
        maps: (_ images: Tensor, _ layers: any LayerExecution) -> [Tensor]
    ) throws(ExportError) -> ONNXGraph {
        let trace = try NetworkTrace(
            self, named: name,
            sizes: (
                (height: 4 * divisor, width: 6 * divisor), (height: 5 * divisor, width: 3 * divisor)
            ), folds: folds, outputs: maps)
        return try GraphWriter.graph(
            of: trace, named: name, normalization, height: .named("H"), width: .named("W"),
            outputs: levels.map { level in
                let depth = (level.reduction ?? 1).trailingZeroBitCount
                return (
                    "p\(depth)",
                    [.fixed(level.channels), .named("H\(depth)"), .named("W\(depth)")]
                )
            })
    }
}

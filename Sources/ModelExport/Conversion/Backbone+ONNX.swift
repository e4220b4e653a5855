import Basics
import ONNXFiles
import Torch
import TorchNN
import VisionModels

/// How a network is written as a graph.
public struct GraphSettings: Sendable, Equatable {
    /// Height and width of the images, in pixels.
    public var imageSize: Int

    /// Whether batch norms become part of the convolutions before them.
    public var folds: Bool

    /// The mean and the deviation by which the graph itself normalises images of 0...1, three numbers each; nil
    /// where images come normalised.
    public var normalization: (mean: [Double], deviation: [Double])? {
        get { channels.map { ($0[0], $0[1]) } }
        set { channels = newValue.map { [$0.mean, $0.deviation] } }
    }

    private var channels: [[Double]]?

    /// Gathers the settings.
    public init(
        imageSize: Int, folds: Bool = false,
        normalization: (mean: [Double], deviation: [Double])? = nil
    ) {
        self.imageSize = imageSize
        self.folds = folds
        self.normalization = normalization
    }
}

extension Backbone {
    /// This network as a graph from `images`, float32 `[N, 3, H, W]`, to `logits`, `[N, classes]`.
    ///
    /// The graph is what the network does: its operators are written down in passes over blank images, and its
    /// weights stand under their names in the state dict. The network itself stays as it is.
    ///
    /// - Parameters:
    ///   - name: what the graph, and errors, call it.
    ///   - settings: how it is written.
    /// - Returns: the graph, for any number of images.
    /// - Throws: `ExportError` where the network calls what has no counterpart, or has nothing to fold.
    /// - Precondition: the network is on the CPU, in float32.
    public func onnxGraph(
        named name: String, _ settings: GraphSettings
    ) throws(ExportError) -> ONNXGraph {
        let trace = try NetworkTrace(
            self, named: name, imageSize: settings.imageSize, folds: settings.folds)
        var writer = GraphWriter(network: name, constants: trace.constants)
        let images = writer.unique("images")
        let logits = writer.unique("logits")
        var first = images
        if let (mean, deviation) = settings.normalization {
            first = writer.normalize(images, mean, deviation)
        }
        writer.name(trace.images, first)
        for call in trace.calls {
            guard call.tensors.contains(where: writer.isValue) else {
                // Nothing of it comes from the images, so that it is a constant.
                call.results.forEach { writer.keep($0) }
                continue
            }
            guard let convert = OperatorConversions.all[call.operation] else {
                throw .unknownOperator(call.operation, network: name)
            }
            writer.name(call.results[0], try convert(call, &writer))
        }
        writer.rename(try writer.value(of: trace.logits, for: "its end"), to: logits)
        return writer.finished(
            inputs: [
                ONNXValue(
                    name: images,
                    shape: [.named("N"), .fixed(3)]
                        + [.fixed(settings.imageSize), .fixed(settings.imageSize)])
            ],
            outputs: [
                ONNXValue(name: logits, shape: [.named("N"), .fixed(trace.logits.size(1))])
            ])
    }
}

extension GraphWriter {
    /// Writes `(x − mean) / deviation` for each channel.
    fileprivate mutating func normalize(
        _ images: String, _ mean: [Double], _ deviation: [Double]
    ) -> String {
        for (name, values) in [("normalize.mean", mean), ("normalize.std", deviation)] {
            add(ONNXConstant(name: name, floats: values.map(Float.init), shape: [1, 3, 1, 1]))
        }
        let centred = add("Sub", name: "normalize.centred", [images, "normalize.mean"])
        return add("Div", name: "normalize", [centred, "normalize.std"])
    }
}

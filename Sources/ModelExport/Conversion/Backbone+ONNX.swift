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
        let size = (height: settings.imageSize, width: settings.imageSize)
        let trace = try NetworkTrace(self, named: name, sizes: (size, size), folds: settings.folds)
        {
            [features($0, by: $1).logits].compactMap(\.self)
        }
        let side = ONNXValue.Dimension.fixed(settings.imageSize)
        return try GraphWriter.graph(
            of: trace, named: name, settings.normalization, height: side, width: side,
            outputs: [("logits", [.fixed(trace.outputs.first?.size(1) ?? 0)])])
    }
}

extension GraphWriter {
    /// Writes a whole network.
    ///
    /// - Parameters:
    ///   - trace: what it calls.
    ///   - network: its name.
    ///   - normalization: the mean and the deviation by which the graph normalises images of 0...1; nil where
    ///     images come normalised.
    ///   - height: of the images.
    ///   - width: of the images.
    ///   - outputs: what the outputs of the trace are called, with their dimensions behind the first.
    /// - Returns: the graph.
    /// - Throws: `ExportError` where the network calls what has no counterpart.
    static func graph(
        of trace: NetworkTrace, named network: String,
        _ normalization: (mean: [Double], deviation: [Double])?, height: ONNXValue.Dimension,
        width: ONNXValue.Dimension, outputs: [(name: String, shape: [ONNXValue.Dimension])]
    ) throws(ExportError) -> ONNXGraph {
        var writer = GraphWriter(network: network, constants: trace.constants)
        let images = writer.unique("images")
        let names = outputs.map { writer.unique($0.name) }
        var first = images
        if let (mean, deviation) = normalization {
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
                throw .unknownOperator(call.operation, network: network)
            }
            writer.name(call.results[0], try convert(call, &writer))
        }
        for (tensor, name) in zip(trace.outputs, names) {
            writer.rename(try writer.value(of: tensor, for: "its end"), to: name)
        }
        return writer.finished(
            inputs: [ONNXValue(name: images, shape: [.named("N"), .fixed(3), height, width])],
            outputs: zip(names, outputs).map {
                ONNXValue(name: $0, shape: [.named("N")] + $1.shape)
            })
    }

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

import Basics
import Foundation
import ONNXFiles

extension ONNXGraph {
    /// This graph with 8-bit weights and values, in ONNX's form QDQ.
    ///
    /// Weights of convolutions and of the classifier are symmetric int8 with a scale for each output channel,
    /// biases are int32. Values between layers are uint8 with a scale and a zero point each. In front of a
    /// quantised value stands a QuantizeLinear and a DequantizeLinear, which a run time melts into whole-number
    /// kernels. Rectifiers stay beside the layer before them, and logits are float32.
    ///
    /// - Parameter ranges: what the values of this very graph were over images.
    /// - Returns: the quantised graph.
    /// - Throws: `ExportError.noRange` where a value that is to be quantised was not seen.
    public func quantized(_ ranges: ValueRanges) throws(ExportError) -> ONNXGraph {
        var quantizer = Quantizer(self, ranges)
        return try quantizer.run()
    }
}

/// The pass that puts pairs of QuantizeLinear and DequantizeLinear into a graph.
private struct Quantizer {
    /// Operations that run in whole numbers, or pass them on.
    private static let whole: Set = [
        "Conv", "Gemm", "Add", "Concat", "GlobalAveragePool", "AveragePool", "MaxPool", "Transpose",
        "Reshape", "Slice", "Flatten",
    ]

    /// Operations whose results are some of their inputs, and keep their scale.
    private static let moving: Set = ["MaxPool", "Transpose", "Reshape", "Slice", "Flatten"]

    /// Operations that have weights.
    private static let weighted: Set = ["Conv", "Gemm"]

    /// Operations that melt into the one before them.
    private static let melting: Set = ["Relu", "Clip"]

    private let source: ONNXGraph
    private let ranges: ValueRanges
    private let constants: [String: ONNXConstant]
    private let consumers: [String: [ONNXNode]]
    private var graph: ONNXGraph
    private var steps: [String: QuantizedValue] = [:]

    init(_ source: ONNXGraph, _ ranges: ValueRanges) {
        self.source = source
        self.ranges = ranges
        constants = Dictionary(
            source.constants.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var consumers: [String: [ONNXNode]] = [:]
        for node in source.nodes {
            for input in Set(node.inputs) { consumers[input, default: []].append(node) }
        }
        self.consumers = consumers
        graph = source
        graph.nodes = []
    }

    mutating func run() throws(ExportError) -> ONNXGraph {
        for input in source.inputs { try quantize(input.name, madeBy: nil) }
        for node in source.nodes {
            var copy = node
            copy.inputs = node.inputs.map { steps[$0] == nil ? $0 : dequantized($0) }
            if Self.weighted.contains(node.operation), let step = steps[node.inputs[0]] {
                copy.inputs = quantizeWeights(of: node, copy.inputs, step)
            }
            graph.nodes.append(copy)
            try quantize(node.outputs[0], madeBy: node)
        }
        let used = Set(graph.nodes.flatMap(\.inputs))
        graph.constants.removeAll { !used.contains($0.name) }
        return graph
    }

    /// What a value is called behind its pair.
    private func dequantized(_ value: String) -> String { "\(value).dequantized" }

    /// Puts a pair behind a value, where a whole-number operation takes it.
    private mutating func quantize(
        _ value: String, madeBy node: ONNXNode?
    ) throws(ExportError) {
        let takers = consumers[value] ?? []
        guard takers.contains(where: { Self.whole.contains($0.operation) }),
            !takers.allSatisfy({ Self.melting.contains($0.operation) })
        else { return }
        let step: QuantizedValue
        if let node, Self.moving.contains(node.operation), let own = steps[node.inputs[0]] {
            step = own
        } else {
            guard let range = ranges[value] else { throw .noRange(value: value) }
            step = QuantizedValue(range)
        }
        steps[value] = step
        let (scale, zero) = ("\(value).scale", "\(value).zero")
        graph.constants.append(ONNXConstant(name: scale, floats: [step.scale], shape: []))
        graph.constants.append(
            ONNXConstant(name: zero, .uint8, numbers: [step.zeroPoint], shape: []))
        graph.nodes.append(
            ONNXNode(
                "QuantizeLinear", name: "\(value).quantize", inputs: [value, scale, zero],
                outputs: ["\(value).quantized"]))
        graph.nodes.append(
            ONNXNode(
                "DequantizeLinear", name: "\(value).dequantize",
                inputs: ["\(value).quantized", scale, zero], outputs: [dequantized(value)]))
    }

    /// Replaces the weights and the bias of a layer by whole numbers.
    ///
    /// - Returns: the layer's inputs.
    private mutating func quantizeWeights(
        of node: ONNXNode, _ inputs: [String], _ step: QuantizedValue
    ) -> [String] {
        guard let weight = constants[node.inputs[1]] else { return inputs }
        let bias = node.inputs.count > 2 ? constants[node.inputs[2]] : nil
        let quantized = QuantizedWeights(
            weight.floats, channels: weight.shape[0], bias: bias?.floats, inputScale: step.scale)
        var inputs = inputs
        inputs[1] = replace(
            weight, .int8, quantized.values, scales: quantized.scales, channelZero: Int8(0))
        if let bias {
            inputs[2] = replace(
                bias, .int32, quantized.bias(bias.floats, inputScale: step.scale),
                scales: quantized.scales.map { $0 * step.scale }, channelZero: Int32(0))
        }
        return inputs
    }

    private mutating func replace<Number: FixedWidthInteger>(
        _ constant: ONNXConstant, _ type: ElementType, _ numbers: [Number],
        scales: [Float], channelZero: Number
    ) -> String {
        let name = constant.name
        let zeros = Array(repeating: channelZero, count: scales.count)
        graph.constants += [
            ONNXConstant(
                name: "\(name).quantized", type, numbers: numbers,
                shape: constant.shape),
            ONNXConstant(name: "\(name).scale", floats: scales, shape: [scales.count]),
            ONNXConstant(
                name: "\(name).zero", type, numbers: zeros, shape: [scales.count]),
        ]
        graph.nodes.append(
            ONNXNode(
                "DequantizeLinear", name: "\(name).dequantize",
                inputs: ["\(name).quantized", "\(name).scale", "\(name).zero"],
                outputs: [dequantized(name)], attributes: ["axis": .int(0)]))
        return dequantized(name)
    }
}

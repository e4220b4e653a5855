import ONNXFiles
import Torch

/// How each operator of LibTorch is written in ONNX, by its name in LibTorch's registry.
///
/// An operator that is not here has no counterpart, which is an error.
enum OperatorConversions {
    /// Writes a call; its result is called what is returned.
    typealias Conversion =
        @Sendable (TracedCall, inout GraphWriter) throws(ExportError) -> String

    static let all: [String: Conversion] = layers.merging(glue) { first, _ in first }
        .merging(movements) { first, _ in first }

    // MARK: - Layers

    private static let layers: [String: Conversion] = [
        "aten::conv2d": convolution,
        "aten::batch_norm": batchNorm,
        "aten::linear": linear,
        "aten::max_pool2d": maxPool,
        "aten::avg_pool2d": averagePool,
        "aten::mean.dim": mean,
        "aten::upsample_nearest2d": enlarge,
    ]

    @Sendable private static func convolution(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let weight = try call.tensor(1)
        var inputs = [try input(0, call, &graph), try input(1, call, &graph)]
        if try call.optionalTensor(2) != nil { inputs.append(try input(2, call, &graph)) }
        let padding = try call.ints(4)
        return graph.add(
            "Conv", name: graph.module(of: weight), inputs,
            [
                "kernel_shape": .ints([weight.size(2), weight.size(3)]),
                "strides": .ints(try call.ints(3)), "pads": .ints(padding + padding),
                "dilations": .ints(try call.ints(5)), "group": .int(try call.int(6)),
            ])
    }

    @Sendable private static func batchNorm(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        try call.require(!(try call.bool(5)), "the batch's statistics")
        var inputs: [String] = []
        for index in 0..<5 { inputs.append(try input(index, call, &graph)) }
        return graph.add(
            "BatchNormalization", name: graph.module(of: try call.tensor(1)), inputs,
            ["epsilon": .float(Float(try call.number(7)))])
    }

    @Sendable private static func linear(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        try call.require(try call.tensor(0).rank == 2, "an input that is no matrix")
        var inputs = [try input(0, call, &graph), try input(1, call, &graph)]
        if try call.optionalTensor(2) != nil { inputs.append(try input(2, call, &graph)) }
        return graph.add(
            "Gemm", name: graph.module(of: try call.tensor(1)), inputs, ["transB": .int(1)])
    }

    @Sendable private static func maxPool(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let padding = try call.ints(3)
        try call.require(try call.ints(4).allSatisfy { $0 == 1 }, "a dilation")
        try call.require(!(try call.bool(5)), "sizes that are rounded up")
        return graph.add(
            "MaxPool", [try input(0, call, &graph)],
            [
                "kernel_shape": .ints(try call.ints(1)), "strides": .ints(try call.ints(2)),
                "pads": .ints(padding + padding),
            ])
    }

    @Sendable private static func averagePool(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let padding = try call.ints(3)
        try call.require(!(try call.bool(4)), "sizes that are rounded up")
        return graph.add(
            "AveragePool", [try input(0, call, &graph)],
            [
                "kernel_shape": .ints(try call.ints(1)), "strides": .ints(try call.ints(2)),
                "pads": .ints(padding + padding),
                "count_include_pad": .int(try call.bool(5) ? 1 : 0),
            ])
    }

    @Sendable private static func mean(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let (dimensions, keeps) = (try call.ints(1), try call.bool(2))
        let rank = try call.tensor(0).rank
        try call.require(
            dimensions == [2, 3] && keeps && rank == 4, "other dimensions than those of a map")
        return graph.add("GlobalAveragePool", [try input(0, call, &graph)])
    }

    /// Each pixel several times, for maps of any size.
    @Sendable private static func enlarge(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let (before, after) = (try call.tensor(0), call.results[0])
        let factors = [2, 3].map { after.size($0) / before.size($0) }
        try call.require(
            (0..<2).allSatisfy { before.size($0 + 2) * factors[$0] == after.size($0 + 2) },
            "a size that is no multiple")
        let input = try input(0, call, &graph)
        let name = graph.unique("Resize")
        graph.add(
            ONNXConstant(
                name: "\(name).scales", floats: [1, 1] + factors.map(Float.init), shape: [4]))
        return graph.add(
            "Resize", name: "\(name).result", [input, "", "\(name).scales"],
            [
                "mode": .text("nearest"), "nearest_mode": .text("floor"),
                "coordinate_transformation_mode": .text("asymmetric"),
            ])
    }

    // MARK: - Element by element

    private static let glue: [String: Conversion] = [
        "aten::relu": unary("Relu"),
        "aten::add.Tensor": sum,
        "aten::clamp_max": { (call, graph) throws(ExportError) in
            try clip(call, &graph, from: nil, to: call.number(1))
        },
        "aten::clamp_min": { (call, graph) throws(ExportError) in
            try clip(call, &graph, from: call.number(1), to: nil)
        },
        "aten::clamp": { (call, graph) throws(ExportError) in
            try clip(call, &graph, from: call.number(1), to: call.number(2))
        },
    ]

    private static func unary(_ operation: String) -> Conversion {
        { (call, graph) throws(ExportError) in
            graph.add(operation, [try input(0, call, &graph)])
        }
    }

    private static func binary(_ operation: String) -> Conversion {
        { (call, graph) throws(ExportError) in
            let inputs = [try input(0, call, &graph), try input(1, call, &graph)]
            return graph.add(operation, inputs)
        }
    }

    @Sendable private static func sum(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        try call.require(try call.number(2) == 1, "a factor on the second summand")
        return try binary("Add")(call, &graph)
    }

    private static func clip(
        _ call: TracedCall, _ graph: inout GraphWriter, from least: Double?, to most: Double?
    ) throws(ExportError) -> String {
        let name = graph.unique("Clip")
        var inputs = [try input(0, call, &graph)]
        for (end, value) in [("least", least), ("most", most)] {
            guard let value else {
                inputs.append("")
                continue
            }
            let constant = "\(name).\(end)"
            graph.add(ONNXConstant(name: constant, floats: [Float(value)], shape: []))
            inputs.append(constant)
        }
        return graph.add("Clip", name: "\(name).result", inputs)
    }

    /// What an argument's tensor is called.
    static func input(
        _ index: Int, _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        try graph.value(of: call.tensor(index), for: call.operation)
    }
}

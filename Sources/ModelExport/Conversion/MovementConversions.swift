import Basics
import ONNXFiles
import Torch

extension OperatorConversions {
    /// Operators that move elements and compute nothing.
    static let movements: [String: Conversion] = [
        "aten::cat": { (call, graph) throws(ExportError) in
            var inputs: [String] = []
            for tensor in try call.list(0) {
                inputs.append(try graph.value(of: tensor, for: call.operation))
            }
            return graph.add("Concat", inputs, ["axis": .int(try call.int(1))])
        },
        "aten::flatten.using_ints": { (call, graph) throws(ExportError) in
            let (first, last) = (try call.int(1), try call.int(2))
            try call.require(
                first == 1 && last == -1, "other dimensions than all but the first")
            return graph.add("Flatten", [try input(0, call, &graph)], ["axis": .int(1)])
        },
        "aten::permute": { (call, graph) throws(ExportError) in
            graph.add("Transpose", [try input(0, call, &graph)], ["perm": .ints(try call.ints(1))])
        },
        "aten::reshape": reshape,
        "aten::narrow": slice,
        // The elements stay what they are; how they lie in memory is no matter of the graph.
        "aten::contiguous": same,
        "aten::clone": same,
        "aten::detach": same,
        "aten::to.dtype": { (call, graph) throws(ExportError) in
            try call.require(
                try call.tensor(0).dtype == call.results[0].dtype, "another type of elements")
            return try input(0, call, &graph)
        },
    ]

    @Sendable private static func same(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        try input(0, call, &graph)
    }

    @Sendable private static func reshape(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        var shape: [Int64] = []
        for (index, size) in try call.sizes(1).enumerated() {
            switch size {
            case .fixed(let size): shape.append(Int64(size))
            case .count:
                // A zero means the input's size at the same place, which has to be the number of images.
                try call.require(index == 0, "the number of images behind the first dimension")
                shape.append(0)
            }
        }
        let input = try input(0, call, &graph)
        let name = graph.unique("Reshape")
        graph.add(ONNXConstant(name: "\(name).shape", .int64, numbers: shape, shape: [shape.count]))
        return graph.add("Reshape", name: "\(name).result", [input, "\(name).shape"])
    }

    @Sendable private static func slice(
        _ call: TracedCall, _ graph: inout GraphWriter
    ) throws(ExportError) -> String {
        let (dimension, start, length) = (try call.int(1), try call.int(2), try call.int(3))
        let input = try input(0, call, &graph)
        let name = graph.unique("Slice")
        let bounds = [("start", start), ("end", start + length), ("axis", dimension)]
        for (bound, value) in bounds {
            graph.add(
                ONNXConstant(
                    name: "\(name).\(bound)", .int64, numbers: [Int64(value)], shape: [1]))
        }
        return graph.add(
            "Slice", name: "\(name).result", [input] + bounds.map { "\(name).\($0.0)" })
    }
}

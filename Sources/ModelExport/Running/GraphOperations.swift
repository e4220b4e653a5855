import ONNXFiles
import Torch

/// ONNX's operations by LibTorch's, as far as this package writes them.
enum GraphOperations {
    typealias Operation = @Sendable (NodeUse) throws(GraphRunError) -> Tensor

    static let all: [String: Operation] = [
        "Conv": { (use) throws(GraphRunError) in
            try use.input(0).conv2d(
                weight: use.input(1), bias: use.optional(2), stride: use.same("strides"),
                padding: use.same("pads"), dilation: use.same("dilations"), groups: use.int("group")
            )
        },
        "BatchNormalization": { (use) throws(GraphRunError) in
            try use.input(0).batchNorm(
                weight: use.input(1), bias: use.input(2), runningMean: use.input(3),
                runningVar: use.input(4), training: false, momentum: 0,
                epsilon: use.float("epsilon"))
        },
        "Gemm": { (use) throws(GraphRunError) in
            guard try use.int("transB") == 1 else {
                throw .unknownUse(of: "transB", node: use.node.name)
            }
            return try use.input(0).linear(weight: use.input(1), bias: use.optional(2))
        },
        "MaxPool": { (use) throws(GraphRunError) in
            try use.input(0).maxPool(
                use.same("kernel_shape"), stride: use.same("strides"), padding: use.same("pads"))
        },
        "AveragePool": { (use) throws(GraphRunError) in
            guard try use.int("count_include_pad") == 1 else {
                throw .unknownUse(of: "count_include_pad", node: use.node.name)
            }
            return try use.input(0).averagePool(
                use.same("kernel_shape"), stride: use.same("strides"), padding: use.same("pads"))
        },
        "GlobalAveragePool": { (use) throws(GraphRunError) in
            try use.input(0).mean([2, 3], keepDimensions: true)
        },
        "Resize": { (use) throws(GraphRunError) in
            let (input, scales) = try (use.input(0), use.input(2).elements(as: Float.self))
            guard case .text("nearest")? = use.node.attributes["mode"], scales.count == 4 else {
                throw .unknownUse(of: "mode", node: use.node.name)
            }
            return input.resizedNearest(
                height: input.size(2) * Int(scales[2]), width: input.size(3) * Int(scales[3]))
        },
        "Relu": { (use) throws(GraphRunError) in try use.input(0).relu() },
        "Clip": { (use) throws(GraphRunError) in
            var result = try use.input(0)
            if let least = use.optional(1) { result = result.clamped(atLeast: least.item()) }
            if let most = use.optional(2) { result = result.clamped(atMost: most.item()) }
            return result
        },
        "Add": { (use) throws(GraphRunError) in try use.input(0) + use.input(1) },
        "Sub": { (use) throws(GraphRunError) in try use.input(0) - use.input(1) },
        "Div": { (use) throws(GraphRunError) in try use.input(0) / use.input(1) },
        "Flatten": { (use) throws(GraphRunError) in
            try use.input(0).flatten(from: use.int("axis", default: 1))
        },
        "Transpose": { (use) throws(GraphRunError) in
            try use.input(0).permute(use.ints("perm"))
        },
        "Concat": { (use) throws(GraphRunError) in
            var parts: [Tensor] = []
            for index in use.inputs.indices { parts.append(try use.input(index)) }
            return Tensor.concatenate(parts, dimension: try use.int("axis"))
        },
        "Reshape": { (use) throws(GraphRunError) in
            let input = try use.input(0)
            let shape = try use.numbers(1).enumerated().map { index, size in
                size == 0 ? input.size(index) : size
            }
            return input.reshape(shape)
        },
        "Slice": { (use) throws(GraphRunError) in
            let (starts, ends, axes) = try (use.numbers(1), use.numbers(2), use.numbers(3))
            guard starts.count == 1, ends.count == 1, axes.count == 1, starts[0] < ends[0] else {
                throw .unknownUse(of: "the bounds", node: use.node.name)
            }
            return try use.input(0).narrow(axes[0], starts[0]..<ends[0])
        },
        "QuantizeLinear": { (use) throws(GraphRunError) in
            let range = try use.elementType(ofInput: 2).quantizedRange(of: use.node)
            let (scale, zero) = try (use.parameter(1), use.parameter(2))
            return (try use.input(0) / scale).rounded().clampedSum(zero, range)
        },
        "DequantizeLinear": { (use) throws(GraphRunError) in
            let (scale, zero) = try (use.parameter(1), use.parameter(2))
            return (try use.input(0).to(.float32) - zero) * scale
        },
    ]
}

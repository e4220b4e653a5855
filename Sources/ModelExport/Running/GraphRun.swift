import Basics
import Foundation
import ONNXFiles
import Torch

/// Carries out a graph with LibTorch's operators, for calibration and for the accuracy of a quantised graph.
///
/// Quantised values are whole numbers in float32, so that rounding is what ONNX defines and nothing saturates
/// in between.
public final class GraphRun {
    /// A node, and the values that nobody needs behind it.
    private struct Step {
        let node: ONNXNode
        var last: [String] = []
    }

    private let input: String
    private let outputs: [String]
    private let types: [String: ElementType]
    private var constants: [String: Tensor] = [:]
    private var steps: [Step] = []

    /// Prepares a graph; what depends on constants alone is computed here, once.
    ///
    /// - Parameter graph: with one input, as `onnxGraph` and `onnxPyramid` make it.
    /// - Throws: `GraphRunError` where it has a node that is not known here, or other inputs and outputs.
    public init(_ graph: ONNXGraph) throws(GraphRunError) {
        guard let input = graph.inputs.first, graph.inputs.count == 1, !graph.outputs.isEmpty else {
            throw .otherEnds(inputs: graph.inputs.count, outputs: graph.outputs.count)
        }
        self.input = input.name
        outputs = graph.outputs.map(\.name)
        types = Dictionary(
            graph.constants.map { ($0.name, $0.elementType) }, uniquingKeysWith: { $1 })
        for constant in graph.constants {
            constants[constant.name] = Tensor(
                bytes: constant.bytes, dtype: DType(constant.elementType), shape: constant.shape)
        }
        for node in graph.nodes {
            let isConstant = node.inputs.allSatisfy { $0.isEmpty || constants[$0] != nil }
            if isConstant, let name = node.outputs.first {
                constants[name] = try withoutGrad { () throws(GraphRunError) in
                    try result(of: node, from: constants)
                }
            } else {
                steps.append(Step(node: node))
            }
        }
        findLastUses()
    }

    private func findLastUses() {
        var seen = Set(outputs)
        for index in steps.indices.reversed() {
            let node = steps[index].node
            steps[index].last = (node.inputs + node.outputs).filter {
                constants[$0] == nil && seen.insert($0).inserted
            }
        }
    }

    /// The graph's first output.
    ///
    /// - Parameters:
    ///   - images: what the graph takes, `[N, 3, H, W]`.
    ///   - observe: told each value by its name when it is there, the input first.
    /// - Returns: the logits, `[N, classes]`.
    /// - Throws: `GraphRunError` where a node is used in a way that is not known here.
    public func callAsFunction(
        _ images: Tensor, observe: (String, Tensor) -> Void = { _, _ in }
    ) throws(GraphRunError) -> Tensor {
        try all(images, observe: observe)[0]
    }

    /// All outputs of the graph.
    ///
    /// - Parameters:
    ///   - images: what the graph takes, `[N, 3, H, W]`.
    ///   - observe: told each value by its name when it is there, the input first.
    /// - Returns: the outputs in their order, such as the levels of a pyramid.
    /// - Throws: `GraphRunError` where a node is used in a way that is not known here.
    public func all(
        _ images: Tensor, observe: (String, Tensor) -> Void = { _, _ in }
    ) throws(GraphRunError) -> [Tensor] {
        try withoutGrad { () throws(GraphRunError) in
            var values = constants
            values[input] = images
            observe(input, images)
            for step in steps {
                let result = try result(of: step.node, from: values)
                let name = step.node.outputs[0]
                values[name] = result
                observe(name, result)
                for value in step.last { values[value] = nil }
            }
            var found: [Tensor] = []
            for output in outputs {
                guard let value = values[output] else { throw .missing(output, node: "its end") }
                found.append(value)
            }
            return found
        }
    }

    private func result(
        of node: ONNXNode, from values: [String: Tensor]
    ) throws(GraphRunError) -> Tensor {
        guard let operation = GraphOperations.all[node.operation], node.outputs.count == 1 else {
            throw .unknownOperation(node.operation, node: node.name)
        }
        let use = try NodeUse(node, values: values, types: types)
        return try operation(use)
    }
}

/// A graph that cannot be carried out here.
public enum GraphRunError: Error, Equatable, CustomStringConvertible {
    /// An operation that this package does not write.
    case unknownOperation(String, node: String)
    /// A value that no node before gives.
    case missing(String, node: String)
    /// An attribute or an input that is not what this package writes.
    case unknownUse(of: String, node: String)
    /// More than one input or output, or none.
    case otherEnds(inputs: Int, outputs: Int)

    /// One sentence with the node, what was expected and what was found.
    public var description: String {
        switch self {
        case .unknownOperation(let operation, let node):
            "the node '\(node)' is a \(operation), expected an operation that this package writes; run the graph "
                + "with onnxruntime"
        case .missing(let value, let node):
            "the node '\(node)' takes '\(value)', expected a constant, an input or the result of a node before "
                + "it; make the file again"
        case .unknownUse(let name, let node):
            "the node '\(node)' has '\(name)' in another form than this package writes; run the graph with "
                + "onnxruntime"
        case .otherEnds(let inputs, let outputs):
            "the graph has \(inputs) input(s) and \(outputs) output(s), expected one input and at least one output; run the graph with "
                + "onnxruntime"
        }
    }
}

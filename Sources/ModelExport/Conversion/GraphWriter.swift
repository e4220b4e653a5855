import Basics
import Foundation
import ONNXFiles
import Torch
import TorchNN

/// Writes a graph node by node, and knows what its tensors are called.
struct GraphWriter {
    private(set) var graph: ONNXGraph

    private let network: String
    private var values: [ObjectIdentifier: String] = [:]
    private var constants: [ObjectIdentifier: NamedTensor]
    private var written: Set<String> = []
    private var uses: [String: Int] = [:]

    /// Begins a graph.
    ///
    /// - Parameters:
    ///   - network: its name.
    ///   - constants: the tensors that are the network's.
    init(network: String, constants: [NamedTensor]) {
        self.network = network
        graph = ONNXGraph(name: network)
        self.constants = Dictionary(
            constants.map { (ObjectIdentifier($0.tensor), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Names what the graph begins with, or what a node gave.
    mutating func name(_ tensor: Tensor, _ value: String) {
        values[ObjectIdentifier(tensor)] = value
    }

    /// Whether a tensor comes from the images.
    func isValue(_ tensor: Tensor) -> Bool { values[ObjectIdentifier(tensor)] != nil }

    /// Takes a tensor that does not come from the images as a constant.
    mutating func keep(_ tensor: Tensor) {
        let name = unique("constant")
        constants[ObjectIdentifier(tensor)] = NamedTensor(name, tensor)
    }

    /// What a tensor is called in the graph; a constant is written when it is first asked for.
    ///
    /// - Throws: `ExportError.unseenTensor` where nothing is known of it.
    mutating func value(
        of tensor: Tensor, for operation: String
    ) throws(ExportError) -> String {
        if let value = values[ObjectIdentifier(tensor)] { return value }
        guard let constant = constants[ObjectIdentifier(tensor)] else {
            throw .unseenTensor(of: operation, network: network)
        }
        if written.insert(constant.name).inserted {
            add(
                ONNXConstant(
                    name: constant.name, elementType: tensor.dtype.elementType,
                    shape: tensor.shape, bytes: Data(tensor.bytes())))
        }
        return constant.name
    }

    /// What a tensor's module is called, where the tensor is the weight of one.
    func module(of weight: Tensor) -> String? {
        constants[ObjectIdentifier(weight)].flatMap {
            $0.name.hasSuffix(".weight") ? String($0.name.dropLast(7)) : nil
        }
    }

    /// Adds a constant of the graph's own.
    mutating func add(_ constant: ONNXConstant) { graph.constants.append(constant) }

    /// Adds a node with one result.
    ///
    /// - Parameters:
    ///   - operation: as ONNX names it.
    ///   - name: what it is called, with a number behind it from the second time on; the operation where it is
    ///     left out.
    ///   - inputs: what it takes.
    ///   - attributes: what else it is told.
    /// - Returns: what its result is called.
    @discardableResult
    mutating func add(
        _ operation: String, name: String? = nil, _ inputs: [String],
        _ attributes: [String: ONNXNode.Attribute] = [:]
    ) -> String {
        let name = unique(name ?? operation)
        graph.nodes.append(
            ONNXNode(
                operation, name: name, inputs: inputs, outputs: [name], attributes: attributes))
        return name
    }

    /// A name that nothing else has.
    mutating func unique(_ name: String) -> String {
        let count = uses[name, default: 0]
        uses[name] = count + 1
        return count == 0 ? name : "\(name)_\(count)"
    }

    /// Calls a node's result otherwise.
    mutating func rename(_ value: String, to other: String) {
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            graph.nodes[index].inputs = node.inputs.map { $0 == value ? other : $0 }
            graph.nodes[index].outputs = node.outputs.map { $0 == value ? other : $0 }
        }
    }

    /// Ends the graph.
    ///
    /// - Parameters:
    ///   - inputs: what it takes.
    ///   - outputs: what it gives, each the result of the last node.
    /// - Returns: the graph.
    func finished(inputs: [ONNXValue], outputs: [ONNXValue]) -> ONNXGraph {
        var graph = graph
        graph.inputs = inputs
        graph.outputs = outputs
        return graph
    }
}

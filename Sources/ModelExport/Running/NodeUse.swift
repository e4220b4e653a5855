import Basics
import ONNXFiles
import Torch

/// A node with the tensors that it takes.
struct NodeUse {
    let node: ONNXNode

    /// What it takes; nil for one left out.
    let inputs: [Tensor?]

    private let types: [String: ElementType]

    /// Finds the tensors.
    ///
    /// - Throws: `GraphRunError.missing` where one is not there.
    init(
        _ node: ONNXNode, values: [String: Tensor], types: [String: ElementType]
    ) throws(GraphRunError) {
        self.node = node
        self.types = types
        var inputs: [Tensor?] = []
        for name in node.inputs {
            guard !name.isEmpty else {
                inputs.append(nil)
                continue
            }
            guard let tensor = values[name] else { throw .missing(name, node: node.name) }
            inputs.append(tensor)
        }
        self.inputs = inputs
    }

    /// An input that must be there.
    func input(_ index: Int) throws(GraphRunError) -> Tensor {
        guard index < inputs.count, let input = inputs[index] else {
            throw .unknownUse(of: "input \(index + 1)", node: node.name)
        }
        return input
    }

    /// An input that may be left out.
    func optional(_ index: Int) -> Tensor? { index < inputs.count ? inputs[index] : nil }

    /// The type that a constant among the inputs has in the file.
    func elementType(ofInput index: Int) throws(GraphRunError) -> ElementType {
        guard index < node.inputs.count, let type = types[node.inputs[index]] else {
            throw .unknownUse(of: "input \(index + 1)", node: node.name)
        }
        return type
    }

    /// The whole numbers of an input.
    func numbers(_ index: Int) throws(GraphRunError) -> [Int] {
        let input = try input(index)
        guard input.dtype == .int64 else {
            throw .unknownUse(of: "input \(index + 1)", node: node.name)
        }
        return input.elements(as: Int64.self).map(Int.init)
    }

    /// A whole number among the attributes.
    func int(_ name: String, default standard: Int? = nil) throws(GraphRunError) -> Int {
        switch (node.attributes[name], standard) {
        case (.int(let value)?, _): return value
        case (nil, let standard?): return standard
        default: throw .unknownUse(of: name, node: node.name)
        }
    }

    /// A number among the attributes.
    func float(_ name: String) throws(GraphRunError) -> Double {
        guard case .float(let value)? = node.attributes[name] else {
            throw .unknownUse(of: name, node: node.name)
        }
        return Double(value)
    }

    /// Whole numbers among the attributes.
    func ints(_ name: String) throws(GraphRunError) -> [Int] {
        guard case .ints(let values)? = node.attributes[name] else {
            throw .unknownUse(of: name, node: node.name)
        }
        return values
    }

    /// The one number that all whole numbers of an attribute are.
    func same(_ name: String) throws(GraphRunError) -> Int {
        let values = try ints(name)
        guard let first = values.first, values.allSatisfy({ $0 == first }) else {
            throw .unknownUse(of: name, node: node.name)
        }
        return first
    }
}

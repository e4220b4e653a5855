import Basics
import Foundation

/// A computation as ONNX files have it: nodes in an order in which they can run, and constants.
public struct ONNXGraph: Sendable, Equatable {
    /// What the graph is called.
    public var name: String

    /// What it takes.
    public var inputs: [ONNXValue]

    /// What it gives.
    public var outputs: [ONNXValue]

    /// The nodes; each only uses what stands before it.
    public var nodes: [ONNXNode]

    /// The tensors that belong to the file: weights, scales, shapes.
    public var constants: [ONNXConstant]

    /// Texts about the network, sorted by their keys when written.
    public var metadata: [String: String]

    /// Gathers the parts.
    public init(
        name: String, inputs: [ONNXValue] = [], outputs: [ONNXValue] = [],
        nodes: [ONNXNode] = [], constants: [ONNXConstant] = [], metadata: [String: String] = [:]
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = nodes
        self.constants = constants
        self.metadata = metadata
    }
}

/// A tensor that a graph takes or gives.
public struct ONNXValue: Sendable, Equatable {
    /// One dimension.
    public enum Dimension: Sendable, Equatable {
        /// A size.
        case fixed(Int)
        /// Any size, equal wherever the name is.
        case named(String)
    }

    /// The name.
    public var name: String

    /// The type of the elements.
    public var elementType: ElementType

    /// The dimensions, outermost first.
    public var shape: [Dimension]

    /// Describes a tensor.
    public init(name: String, elementType: ElementType = .float32, shape: [Dimension]) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
    }
}

/// One operation of a graph.
public struct ONNXNode: Sendable, Equatable {
    /// What an operation is told beside its inputs.
    public enum Attribute: Sendable, Equatable {
        case int(Int)
        case float(Float)
        case ints([Int])
        case text(String)
    }

    /// The operation as ONNX names it, such as `Conv`.
    public var operation: String

    /// The name of the node, for people.
    public var name: String

    /// What it takes: names of inputs, constants and outputs of nodes before it; empty for one left out.
    public var inputs: [String]

    /// What it gives.
    public var outputs: [String]

    /// What else it is told, sorted by names when written.
    public var attributes: [String: Attribute]

    /// Describes an operation.
    public init(
        _ operation: String, name: String, inputs: [String], outputs: [String],
        attributes: [String: Attribute] = [:]
    ) {
        self.operation = operation
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
    }
}

/// A tensor that belongs to a file.
public struct ONNXConstant: Sendable, Equatable {
    /// The name.
    public var name: String

    /// The type of the elements.
    public var elementType: ElementType

    /// The dimensions, outermost first; none for a scalar.
    public var shape: [Int]

    /// The elements, row major and little endian.
    public var bytes: Data

    /// Describes a tensor.
    ///
    /// - Precondition: there are as many bytes as the shape needs.
    public init(name: String, elementType: ElementType, shape: [Int], bytes: Data) {
        precondition(
            elementType.byteCount(shape: shape) == bytes.count,
            "ONNXConstant: \(bytes.count) bytes for \(elementType) \(shape) in \(name)")
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }
}

extension ONNXConstant {
    /// A tensor of float32.
    public init(name: String, floats: [Float], shape: [Int]) {
        self.init(
            name: name, elementType: .float32, shape: shape,
            bytes: Data(floats.flatMap { $0.bitPattern.littleEndianBytes }))
    }

    /// A tensor of whole numbers.
    public init<Number: FixedWidthInteger>(
        name: String, _ elementType: ElementType, numbers: [Number], shape: [Int]
    ) {
        self.init(
            name: name, elementType: elementType, shape: shape,
            bytes: Data(numbers.flatMap(\.littleEndianBytes)))
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

extension ONNXConstant {
    /// The elements of a tensor of float32; none of another type.
    public var floats: [Float] {
        guard elementType == .float32 else { return [] }
        return bytes.withUnsafeBytes { buffer in
            (0..<buffer.count / 4).map { index in
                Float(
                    bitPattern: UInt32(
                        littleEndian: buffer.loadUnaligned(
                            fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
    }
}

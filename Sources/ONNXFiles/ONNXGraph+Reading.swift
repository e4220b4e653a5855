import Basics
import Foundation
import SwiftProtobuf

extension ONNXGraph {
    /// Reads the contents of an ONNX file.
    ///
    /// What this package does not write is refused where it stands in the way: tensors in other files or in
    /// other forms than raw bytes, and attributes of other kinds. Everything else is skipped.
    ///
    /// - Parameter contents: the whole file.
    /// - Throws: `ONNXFileError` where the contents are damaged or of another kind.
    public init(contents: Data) throws(ONNXFileError) {
        let model: Onnx_ModelProto
        do {
            model = try Onnx_ModelProto(serializedBytes: contents)
        } catch {
            throw .damaged(reason: "\(error)")
        }
        guard model.hasGraph, !model.graph.node.isEmpty else { throw .noGraph }
        let graph = model.graph
        self.init(name: graph.name)
        inputs = try graph.input.map(ONNXValue.init)
        outputs = try graph.output.map(ONNXValue.init)
        nodes = try graph.node.map(ONNXNode.init)
        constants = try graph.initializer.map(ONNXConstant.init)
        for entry in model.metadataProps { metadata[entry.key] = entry.value }
    }
}

extension ONNXValue {
    fileprivate init(_ message: Onnx_ValueInfoProto) throws(ONNXFileError) {
        let tensor = message.type.tensorType
        guard let elementType = ElementType(onnxCode: tensor.elemType) else {
            throw .unknownType(tensor: message.name, code: Int(tensor.elemType))
        }
        let shape = tensor.shape.dim.map { dimension -> Dimension in
            guard case .dimValue(let size)? = dimension.value else {
                return .named(dimension.dimParam)
            }
            return .fixed(Int(size))
        }
        self.init(name: message.name, elementType: elementType, shape: shape)
    }
}

extension ONNXNode {
    fileprivate init(_ message: Onnx_NodeProto) throws(ONNXFileError) {
        self.init(
            message.opType, name: message.name, inputs: message.input, outputs: message.output)
        for attribute in message.attribute {
            attributes[attribute.name] =
                switch attribute.type {
                case .int: .int(Int(attribute.i))
                case .float: .float(attribute.f)
                case .ints: .ints(attribute.ints.map(Int.init))
                case .string: .text(String(decoding: attribute.s, as: UTF8.self))
                case .undefined: throw .unknownAttribute(node: name, attribute: attribute.name)
                }
        }
    }
}

extension ONNXConstant {
    fileprivate init(_ message: Onnx_TensorProto) throws(ONNXFileError) {
        guard let elementType = ElementType(onnxCode: message.dataType) else {
            throw .unknownType(tensor: message.name, code: Int(message.dataType))
        }
        let shape = message.dims.map(Int.init)
        guard let expected = elementType.byteCount(shape: shape),
            expected == message.rawData.count
        else {
            throw .otherForm(tensor: message.name, shape: shape, found: message.rawData.count)
        }
        self.init(
            name: message.name, elementType: elementType, shape: shape, bytes: message.rawData)
    }
}

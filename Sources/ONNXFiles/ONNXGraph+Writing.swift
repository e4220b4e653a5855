import Basics
import Foundation
import SwiftProtobuf

extension ONNXGraph {
    /// The version of the file format, which every onnxruntime since 1.12 (2022) loads.
    public static let formatVersion = 8

    /// The version of the operators, which came with that of the format.
    public static let operatorVersion = 17

    /// The most bytes of a file, which is that of a message of Protocol Buffers.
    public static let byteLimit = Int(Int32.max)

    /// The contents of an ONNX file; equal graphs give equal bytes.
    ///
    /// - Parameter producer: the program and its version.
    /// - Returns: the file's bytes.
    /// - Throws: `ONNXFileError.tooLarge` beyond 2 GiB.
    public func encoded(
        producer: (name: String, version: String)
    ) throws(ONNXFileError) -> Data {
        let byteCount = constants.reduce(0) { $0 + $1.bytes.count }
        guard byteCount < Self.byteLimit else {
            throw .tooLarge(byteCount: byteCount, limit: Self.byteLimit)
        }
        var model = Onnx_ModelProto()
        model.irVersion = Int64(Self.formatVersion)
        model.producerName = producer.name
        model.producerVersion = producer.version
        model.opsetImport = [
            Onnx_OperatorSetIdProto.with {
                $0.domain = ""
                $0.version = Int64(Self.operatorVersion)
            }
        ]
        model.graph = message
        model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
            Onnx_StringStringEntryProto.with {
                $0.key = key
                $0.value = value
            }
        }
        do {
            return try model.serializedData()
        } catch {
            // Nothing is required, so that only the size can be wrong.
            throw .tooLarge(byteCount: byteCount, limit: Self.byteLimit)
        }
    }

    private var message: Onnx_GraphProto {
        var graph = Onnx_GraphProto()
        graph.name = name
        graph.input = inputs.map(\.message)
        graph.output = outputs.map(\.message)
        graph.node = nodes.map(\.message)
        graph.initializer = constants.map(\.message)
        return graph
    }
}

extension ONNXValue {
    fileprivate var message: Onnx_ValueInfoProto {
        var tensor = Onnx_TypeProto.Tensor()
        tensor.elemType = elementType.onnxCode
        tensor.shape.dim = shape.map { dimension in
            Onnx_TensorShapeProto.Dimension.with {
                switch dimension {
                case .fixed(let size): $0.dimValue = Int64(size)
                case .named(let name): $0.dimParam = name
                }
            }
        }
        var value = Onnx_ValueInfoProto()
        value.name = name
        value.type.tensorType = tensor
        return value
    }
}

extension ONNXNode {
    fileprivate var message: Onnx_NodeProto {
        var node = Onnx_NodeProto()
        node.opType = operation
        node.name = name
        node.input = inputs
        node.output = outputs
        node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.message(named: $0) }
        return node
    }
}

extension ONNXNode.Attribute {
    fileprivate func message(named name: String) -> Onnx_AttributeProto {
        var attribute = Onnx_AttributeProto()
        attribute.name = name
        switch self {
        case .int(let value):
            attribute.type = .int
            attribute.i = Int64(value)
        case .float(let value):
            attribute.type = .float
            attribute.f = value
        case .ints(let values):
            attribute.type = .ints
            attribute.ints = values.map(Int64.init)
        case .text(let value):
            attribute.type = .string
            attribute.s = Data(value.utf8)
        }
        return attribute
    }
}

extension ONNXConstant {
    fileprivate var message: Onnx_TensorProto {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dataType = elementType.onnxCode
        tensor.dims = shape.map(Int64.init)
        tensor.rawData = bytes
        return tensor
    }
}

import Basics
import Foundation
import ONNXFiles
import Testing

@Suite("ONNX files")
struct ONNXFileTests {
    private let graph = ONNXGraph(
        name: "g",
        inputs: [ONNXValue(name: "x", shape: [.named("N"), .fixed(2)])],
        outputs: [ONNXValue(name: "y", shape: [.named("N"), .fixed(2)])],
        nodes: [
            ONNXNode(
                "Foo", name: "n", inputs: ["x", "", "c"], outputs: ["y"],
                attributes: [
                    "a": .int(0), "b": .float(-0.0), "c": .ints([-1, 300]), "d": .text("é"),
                    "e": .ints([]),
                ])
        ],
        constants: [
            ONNXConstant(name: "c", floats: [1, -2.5], shape: [2]),
            ONNXConstant(name: "i", .int64, numbers: [Int64(-7)], shape: []),
            ONNXConstant(name: "q", .int8, numbers: [Int8(-128), 127], shape: [2, 1]),
        ],
        metadata: ["key": "value", "a": ""])

    @Test("give what was written, and equal bytes for equal graphs")
    func roundTrip() throws {
        let contents = try graph.encoded(producer: ("test", "1"))
        #expect(try ONNXGraph(contents: contents) == graph)
        #expect(try graph.encoded(producer: ("test", "1")) == contents)
    }

    @Test("begin with the version of the format, and have ONNX's field numbers")
    func bytes() throws {
        let small = ONNXGraph(
            name: "g",
            nodes: [ONNXNode("Relu", name: "r", inputs: ["x"], outputs: ["y"])])
        let contents = try small.encoded(producer: ("p", "2"))
        // By hand from onnx.proto: field number × 8 + kind, length, contents.
        let node: [UInt8] =
            [0x0A, 1, 0x78] + [0x12, 1, 0x79] + [0x1A, 1, 0x72] + [0x22, 4]
            + Array("Relu".utf8)
        let graph: [UInt8] = [0x0A, UInt8(node.count)] + node + [0x12, 1, 0x67]
        let expected: [UInt8] =
            [0x08, 8] + [0x12, 1, 0x70] + [0x1A, 1, 0x32] + [0x3A, UInt8(graph.count)] + graph
            + [0x42, 4, 0x0A, 0, 0x10, 17]
        #expect(Array(contents) == expected)
    }

    @Test("are refused when cut off, empty or of another kind")
    func damage() throws {
        let contents = try graph.encoded(producer: ("test", "1"))
        #expect(throws: ONNXFileError.noGraph) { try ONNXGraph(contents: Data()) }
        #expect(throws: ONNXFileError.self) {
            try ONNXGraph(contents: contents.prefix(contents.count - 3))
        }
        #expect(throws: ONNXFileError.self) {
            try ONNXGraph(contents: Data("PK\u{3}\u{4} no message".utf8))
        }
    }

    @Test("of other programs are refused by the tensor that is not read")
    func foreign() throws {
        // A graph with one node and an initializer: a complex number (14), or floats that are no raw bytes.
        func file(_ tensor: [UInt8]) -> Data {
            let graph: [UInt8] = [0x0A, 2, 0x22, 0] + [0x2A, UInt8(tensor.count)] + tensor
            return Data([0x08, 8, 0x3A, UInt8(graph.count)] + graph)
        }
        #expect(throws: ONNXFileError.unknownType(tensor: "t", code: 14)) {
            try ONNXGraph(contents: file([0x10, 14, 0x42, 1, 0x74]))
        }
        #expect(throws: ONNXFileError.otherForm(tensor: "t", shape: [1], found: 0)) {
            try ONNXGraph(
                contents: file([0x0A, 1, 1, 0x10, 1, 0x22, 4, 0, 0, 0, 0, 0x42, 1, 0x74]))
        }
    }
}

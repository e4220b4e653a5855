/// Why there is no ONNX file, or why one is not read.
public enum ONNXFileError: Error, Sendable, Equatable {
    /// The tensors are larger than a file can be.
    case tooLarge(byteCount: Int, limit: Int)
    /// The contents are no message of Protocol Buffers, or cut off.
    case damaged(reason: String)
    /// There is no graph, or an empty one.
    case noGraph
    /// A tensor's elements have a type that is not read.
    case unknownType(tensor: String, code: Int)
    /// A tensor's elements are not in the file as raw bytes.
    case otherForm(tensor: String, shape: [Int], found: Int)
    /// A node has an attribute of a kind that is not read.
    case unknownAttribute(node: String, attribute: String)
}

extension ONNXFileError: CustomStringConvertible {
    /// What was expected and what was found, in a sentence.
    public var description: String {
        switch self {
        case .tooLarge(let byteCount, let limit):
            "the network's tensors have \(byteCount) bytes, expected less than \(limit), the most that an ONNX "
                + "file can hold; export a smaller network"
        case .damaged(let reason):
            "expected an ONNX file, but its contents are cut off or of another kind (\(reason)); "
                + "copy or make it again"
        case .noGraph: "expected an ONNX file with a graph, but there is none; make it again"
        case .unknownType(let tensor, let code):
            "the tensor '\(tensor)' has elements of ONNX's type \(code), which is not read; expected "
                + "floating-point or whole numbers"
        case .otherForm(let tensor, let shape, let found):
            "the tensor '\(tensor)' of the shape \(shape) has \(found) raw bytes, expected all of its elements "
                + "as raw bytes in the file itself; save it in that form"
        case .unknownAttribute(let node, let attribute):
            "the node '\(node)' has an attribute '\(attribute)' of a kind that is not read; expected numbers or "
                + "a text"
        }
    }
}

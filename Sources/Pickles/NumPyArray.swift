import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An array of NumPy as a pickle describes it.
package struct NumPyArray: Sendable, Hashable {
    /// The number format of the elements.
    package let elementType: ElementType
    /// The dimensions, outermost first.
    package let shape: [Int]
    /// Whether the first dimension runs fastest, as in Fortran.
    package let isFortran: Bool
    /// The elements, little endian.
    package let bytes: Data

    /// Understands `_reconstruct(…)` with the state `(version, shape, dtype, is_fortran, bytes)`, and
    /// `_frombuffer(bytes, dtype, shape, order)`; nil where
    /// the value is no array of numbers that weights can have.
    ///
    /// - Parameters:
    ///   - value: an object of a pickle.
    ///   - graph: the pickle.
    package init?(_ value: PickleValue, in graph: PickleGraph) {
        guard let object = graph.object(value), let parts = Self.parts(of: object, in: graph),
            let dimensions = graph.elements(of: parts.shape),
            let elementType = Self.elementType(of: parts.type, in: graph),
            let bytes = Self.bytes(parts.bytes)
        else { return nil }
        let shape = dimensions.compactMap { dimension -> Int? in
            guard case .integer(let size) = dimension else { return nil }
            return size
        }
        guard shape.count == dimensions.count,
            elementType.byteCount(shape: shape) == bytes.count
        else { return nil }
        self.elementType = elementType
        self.shape = shape
        isFortran = parts.isFortran
        self.bytes = bytes
    }

    /// The elements with the last dimension running fastest, little endian.
    package var rowMajorBytes: Data { view.contiguousBytes(in: bytes) }

    /// The array as a walk through a storage that is its bytes.
    package var view: TensorView {
        var strides: [Int] = []
        var stride = 1
        for dimension in isFortran ? shape : shape.reversed() {
            strides.append(stride)
            stride *= max(dimension, 1)
        }
        let count = bytes.count / elementType.byteCount
        return TensorView(
            storage: StorageReference(key: "", elementType: elementType, count: count), offset: 0,
            shape: shape, strides: isFortran ? strides : strides.reversed())
    }

    /// What pickles call to make an array: by a state since ever, and since protocol 5 from its bytes.
    static let callees = reconstructing + fromBuffer

    private static let reconstructing = [
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
    ]
    private static let fromBuffer = [
        "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",
    ]

    private static func parts(
        of object: PickleObject, in graph: PickleGraph
    ) -> (shape: PickleValue, type: PickleValue, isFortran: Bool, bytes: PickleValue)? {
        if fromBuffer.contains(object.callee), object.arguments.count == 4 {
            let arguments = object.arguments
            return (arguments[2], arguments[1], text(arguments[3]) == "F", arguments[0])
        }
        guard reconstructing.contains(object.callee),
            let state = graph.elements(of: object.state), state.count == 5,
            case .bool(let isFortran) = truth(state[3])
        else { return nil }
        return (state[1], state[2], isFortran, state[4])
    }

    /// Protocols 0 and 1 write the truth as a number.
    private static func truth(_ value: PickleValue) -> PickleValue {
        value == .integer(0) ? .bool(false) : value == .integer(1) ? .bool(true) : value
    }

    private static func bytes(_ value: PickleValue) -> Data? {
        switch value {
        case .bytes(let bytes): bytes
        case .string(let text): Data(text.utf8)
        default: nil
        }
    }

    /// Understands `dtype("f4", False, True)` with the state `(version, "<", …)`.
    private static func elementType(of value: PickleValue, in graph: PickleGraph) -> ElementType? {
        guard let object = graph.object(value), object.callee == "numpy.dtype",
            let code = object.arguments.first.flatMap({ text($0) })
        else { return nil }
        let order = graph.elements(of: object.state).flatMap { $0.count > 1 ? text($0[1]) : nil }
        guard order != ">" else { return nil }
        return codes[code]
    }

    private static func text(_ value: PickleValue) -> String? {
        bytes(value).map { String(decoding: $0, as: UTF8.self) }
    }

    private static let codes: [String: ElementType] = [
        "i8": .int64, "f8": .float64, "f4": .float32, "i4": .int32, "f2": .float16, "i2": .int16,
        "i1": .int8, "u1": .uint8, "b1": .bool,
    ]
}

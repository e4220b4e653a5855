import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A named tensor as it lies in a file.
public struct TensorEntry: Sendable, Equatable {
    /// The name under which the file holds the tensor.
    public var name: String

    /// The number format of the elements.
    public var elementType: ElementType

    /// The dimensions, outermost first; none for a scalar.
    public var shape: [Int]

    /// The elements, contiguous in row-major order and little endian.
    ///
    /// This is usually a slice of the whole file: its indices need not start at zero, and its
    /// address need not be aligned to the element.
    public var bytes: Data

    /// Makes an entry.
    ///
    /// - Parameters:
    ///   - name: the name under which files hold the tensor.
    ///   - elementType: the number format of the elements.
    ///   - shape: the dimensions, outermost first.
    ///   - bytes: the elements, contiguous in row-major order and little endian.
    public init(name: String, elementType: ElementType, shape: [Int], bytes: Data) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }
}

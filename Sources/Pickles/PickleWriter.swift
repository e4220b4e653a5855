#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes a pickle of protocol 2, which is PyTorch's, operation by operation.
package struct PickleWriter {
    private var bytes = Data([0x80, 2])

    /// Begins.
    package init() {}

    /// A class or a function by its name.
    package mutating func global(_ global: PickleGlobal) {
        let parts = global.description.split(separator: ".")
        append("c")
        append("\(parts.dropLast().joined(separator: "."))\n\(parts.last ?? "")\n")
    }

    /// Where a tuple or a list of items begins.
    package mutating func mark() { append("(") }

    /// What stands behind the last mark, as a tuple.
    package mutating func tuple() { append("t") }

    /// A tuple of nothing.
    package mutating func emptyTuple() { append(")") }

    /// Calls what stands below the tuple with it.
    package mutating func reduce() { append("R") }

    /// Takes what stands behind the last mark as keys and values.
    package mutating func setItems() { append("u") }

    /// What the tuple names outside of the pickle.
    package mutating func persistent() { append("Q") }

    /// False.
    package mutating func no() { bytes.append(0x89) }

    /// A text.
    package mutating func text(_ text: String) {
        append("X")
        append(UInt32(text.utf8.count))
        append(text)
    }

    /// A whole number of at least 0.
    package mutating func integer(_ value: Int) {
        if let small = Int32(exactly: value) {
            append("J")
            append(small)
        } else {
            // Eight bytes, least first.
            bytes.append(contentsOf: [0x8A, 8])
            append(Int64(value))
        }
    }

    /// A tuple of whole numbers.
    package mutating func integers(_ values: [Int]) {
        guard !values.isEmpty else { return emptyTuple() }
        mark()
        for value in values { integer(value) }
        tuple()
    }

    /// The pickle, ended.
    package func finished() -> Data { bytes + Data(".".utf8) }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

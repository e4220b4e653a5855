import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A tensor as PyTorch keeps it: a walk through a storage with a stride for each dimension.
package struct TensorView: Sendable, Hashable {
    package let storage: StorageReference
    package let offset: Int
    package let shape: [Int]
    package let strides: [Int]

    /// The bytes the tensor has when contiguous; `nil` where shape and strides make no sense, or
    /// the walk would leave the storage.
    package var byteCount: Int? {
        guard shape.count == strides.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }),
            let byteCount = storage.elementType.byteCount(shape: shape)
        else { return nil }
        guard byteCount > 0 else { return 0 }
        var last = offset
        for (dimension, stride) in zip(shape, strides) {
            let (distance, isFar) = stride.multipliedReportingOverflow(by: dimension - 1)
            let (next, isBeyond) = last.addingReportingOverflow(distance)
            guard !isFar, !isBeyond else { return nil }
            last = next
        }
        return last < storage.count ? byteCount : nil
    }

    /// Collects the elements in row-major order.
    ///
    /// - Parameter bytes: the whole storage, which has `storage.count` elements.
    /// - Returns: a slice of the storage where the elements lie in order, a copy where not, and
    ///   nothing for a tensor without elements or without a `byteCount`.
    package func contiguousBytes(in bytes: Data) -> Data {
        let width = storage.elementType.byteCount
        guard let byteCount, byteCount > 0, bytes.count / width >= storage.count else {
            return Data()
        }
        guard !isContiguous else {
            let start = bytes.startIndex + offset * width
            return bytes[start..<start + byteCount]
        }
        var collected = Data(count: byteCount)
        collected.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                switch width {
                case 1: copyElements(UInt8.self, from: source, to: target)
                case 2: copyElements(UInt16.self, from: source, to: target)
                case 4: copyElements(UInt32.self, from: source, to: target)
                default: copyElements(UInt64.self, from: source, to: target)
                }
            }
        }
        return collected
    }

    private var isContiguous: Bool {
        var expected = 1
        for (dimension, stride) in zip(shape, strides).reversed() where dimension != 1 {
            guard stride == expected else { return false }
            expected *= dimension
        }
        return true
    }

    /// Copies elements as bit patterns of their width; `byteCount` has shown that all lie inside.
    private func copyElements<Bits: BitwiseCopyable>(
        _ type: Bits.Type, from source: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer
    ) {
        let width = MemoryLayout<Bits>.size
        let rowCount = shape.last ?? 1
        let rowStride = strides.last ?? 0
        var position = 0
        forEachRow { start in
            for column in 0..<rowCount {
                let bits = source.loadUnaligned(
                    fromByteOffset: (start + column * rowStride) * width, as: type)
                target.storeBytes(of: bits, toByteOffset: position, as: type)
                position += width
            }
        }
    }

    /// Visits where in the storage each run along the last dimension starts.
    private func forEachRow(_ visit: (Int) -> Void) {
        var counters = shape.dropLast().map { _ in 0 }
        var start = offset
        while true {
            visit(start)
            var axis = counters.count - 1
            while axis >= 0, counters[axis] == shape[axis] - 1 {
                start -= counters[axis] * strides[axis]
                counters[axis] = 0
                axis -= 1
            }
            guard axis >= 0 else { return }
            counters[axis] += 1
            start += strides[axis]
        }
    }
}

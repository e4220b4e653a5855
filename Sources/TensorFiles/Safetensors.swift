#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The safetensors format: eight bytes of header length, a JSON header, the tensors' bytes.
public enum Safetensors {
    /// The longest header that is read or written, which is the reference implementation's.
    static let headerLimit = 100_000_000

    /// The header's key that holds the metadata instead of a tensor.
    static let metadataKey = "__metadata__"

    /// Decodes a file's contents, accepting only what describes every byte exactly once.
    ///
    /// - Parameter contents: the whole file.
    /// - Returns: the tensors, in the order of their bytes, and the metadata.
    /// - Throws: `SafetensorsError` where the contents break a rule of the format.
    public static func decode(_ contents: Data) throws(SafetensorsError) -> WeightFile {
        var cursor = ByteCursor(contents)
        guard let claimedLength = cursor.integer(UInt64.self) else {
            throw .tooShort(count: contents.count)
        }
        guard claimedLength <= headerLimit else {
            throw .headerTooLong(claimed: claimedLength, limit: headerLimit)
        }
        guard let headerBytes = cursor.take(claimedLength) else {
            throw .headerBeyondFile(claimed: Int(claimedLength), available: cursor.remaining)
        }
        var scanner = JSONScanner(headerBytes)
        let header = try SafetensorsHeader(from: &scanner)
        return WeightFile(
            entries: try entries(of: header, in: cursor.rest), metadata: header.metadata)
    }

    private static func entries(
        of header: SafetensorsHeader, in data: Data
    ) throws(SafetensorsError) -> [TensorEntry] {
        var entries: [TensorEntry] = []
        var position = 0
        for tensor in header.tensorsInFileOrder {
            let (begin, end) = (tensor.begin, tensor.end)
            guard begin <= end else {
                throw .backwardOffsets(entry: tensor.name, begin: begin, end: end)
            }
            guard begin == position else {
                throw .misplaced(entry: tensor.name, begin: begin, expected: position)
            }
            guard end <= data.count else {
                throw .dataBeyondFile(entry: tensor.name, end: end, available: data.count)
            }
            try check(
                byteCount: end - begin, of: tensor.name, tensor.elementType, shape: tensor.shape)
            let bytes = data[data.startIndex + begin..<data.startIndex + end]
            entries.append(
                TensorEntry(
                    name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
                    bytes: bytes))
            position = end
        }
        guard position == data.count else {
            throw .trailingBytes(count: data.count - position)
        }
        return entries
    }

    /// Checks that a tensor has as many bytes as its shape and type need.
    static func check(
        byteCount found: Int, of name: String, _ elementType: ElementType, shape: [Int]
    ) throws(SafetensorsError) {
        guard let expected = elementType.byteCount(shape: shape) else {
            throw .shapeOverflow(entry: name, shape: shape)
        }
        guard found == expected else {
            throw .byteCount(entry: name, shape: shape, expected: expected, found: found)
        }
    }
}

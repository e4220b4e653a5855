import Basics

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
        return try file(of: try SafetensorsHeader(headerBytes), data: cursor.rest)
    }

    /// The types of the format that no weights here have, and the bits of one element.
    static let foreignTypes: [String: Int] = [
        "U16": 16, "U32": 32, "U64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
    ]

    private static func file(
        of header: SafetensorsHeader, data: Data
    ) throws(SafetensorsError) -> WeightFile {
        var file = WeightFile(entries: [], metadata: header.metadata)
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
            position = end
            guard let elementType = ElementType(safetensorsCode: tensor.code) else {
                try check(foreign: tensor)
                file.others[tensor.name] = "a tensor of the type \(tensor.code)"
                continue
            }
            try check(byteCount: end - begin, of: tensor.name, elementType, shape: tensor.shape)
            let bytes = data[data.startIndex + begin..<data.startIndex + end]
            file.entries.append(
                TensorEntry(
                    name: tensor.name, elementType: elementType, shape: tensor.shape, bytes: bytes))
        }
        guard position == data.count else {
            throw .trailingBytes(count: data.count - position)
        }
        return file
    }

    /// Checks the size of a tensor of a type that no weights here have.
    private static func check(foreign tensor: SafetensorsHeader.Tensor) throws(SafetensorsError) {
        guard let bits = foreignTypes[tensor.code] else {
            throw .unknownElementType(entry: tensor.name, code: tensor.code)
        }
        let found = tensor.end - tensor.begin
        // Counted in bytes of one bit, so that the type's width may be less than a byte.
        guard let elements = ElementType.uint8.byteCount(shape: tensor.shape),
            case let (count, overflow) = elements.multipliedReportingOverflow(by: bits), !overflow
        else { throw .shapeOverflow(entry: tensor.name, shape: tensor.shape) }
        guard count.isMultiple(of: 8), count / 8 == found else {
            throw .byteCount(
                entry: tensor.name, shape: tensor.shape, expected: (count + 7) / 8, found: found)
        }
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

import Basics

/// A rule of the safetensors format that some contents, or the tensors to encode, break.
public enum SafetensorsError: Error, Sendable, Equatable {
    case tooShort(count: Int)
    case headerTooLong(claimed: UInt64, limit: Int)
    case headerBeyondFile(claimed: Int, available: Int)
    case headerSyntax(offset: Int, expected: String)
    case duplicateName(String)
    case reservedName(String)
    case duplicateField(entry: String, field: String)
    case missingField(entry: String, field: String)
    case unknownElementType(entry: String, code: String)
    case dimensionCount(entry: String, found: Int)
    case offsetCount(entry: String, found: Int)
    case backwardOffsets(entry: String, begin: Int, end: Int)
    case misplaced(entry: String, begin: Int, expected: Int)
    case dataBeyondFile(entry: String, end: Int, available: Int)
    case trailingBytes(count: Int)
    case shapeOverflow(entry: String, shape: [Int])
    case byteCount(entry: String, shape: [Int], expected: Int, found: Int)
}

extension SafetensorsError: CustomStringConvertible {
    /// The thing, what was expected and what was found.
    public var description: String {
        switch self {
        case .tooShort(let count):
            "the header's length should fill the first 8 bytes, but the file has \(count)"
        case .headerTooLong(let claimed, let limit):
            "the header may have \(limit) bytes at most, but claims \(claimed)"
        case .headerBeyondFile(let claimed, let available):
            "the header claims \(claimed) bytes, but only \(available) follow; the file is cut off"
        case .headerSyntax(let offset, let expected):
            "the header should have \(expected) at its byte \(offset), but has something else"
        case .duplicateName(let name):
            "entry \(name.quoted) should stand there once, but stands there twice"
        case .reservedName(let name):
            "an entry should have a name of its own, but has the reserved name \(name.quoted)"
        case .duplicateField(let entry, let field):
            "entry \(entry.quoted) should have the field \(field.quoted) once, but has it twice"
        case .missingField(let entry, let field):
            "entry \(entry.quoted) should have dtype, shape and data_offsets, but has no "
                + "\(field.quoted)"
        case .unknownElementType(let entry, let code):
            "entry \(entry.quoted) should have one of the dtypes of the format, such as F32, but has "
                + "\(code.quoted)"
        case .dimensionCount(let entry, let found):
            "entry \(entry.quoted) should have \(ElementType.rankLimit) dimensions at most, but "
                + "has "
                + "\(found)"
        case .offsetCount(let entry, let found):
            "entry \(entry.quoted) should have two data_offsets, but has \(found)"
        case .backwardOffsets(let entry, let begin, let end):
            "entry \(entry.quoted) should end after it begins, but begins at \(begin), ends at "
                + "\(end)"
        case .misplaced(let entry, let begin, let expected) where begin < expected:
            "entry \(entry.quoted) should begin at byte \(expected), but begins at \(begin), "
                + "inside the entry before it"
        case .misplaced(let entry, let begin, let expected):
            "entry \(entry.quoted) should begin at byte \(expected), but begins at \(begin), "
                + "which leaves a hole"
        case .dataBeyondFile(let entry, let end, let available):
            "entry \(entry.quoted) ends at byte \(end) of the data, but the file has only "
                + "\(available); it is cut off"
        case .trailingBytes(let count):
            "the file should end with its last entry, but \(count) bytes follow"
        case .shapeOverflow(let entry, let shape):
            "entry \(entry.quoted) has the shape \(shape), whose size no computer can address"
        case .byteCount(let entry, let shape, let expected, let found):
            "entry \(entry.quoted) of shape \(shape) should have \(expected) bytes, but has "
                + "\(found)"
        }
    }
}

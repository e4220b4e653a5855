/// Why a pickle was not read; nothing of it was executed.
public enum PickleError: Error, Sendable, Equatable {
    case cutOff(offset: Int)
    case trailingBytes(count: Int)
    case tooManyOperations(limit: Int)
    case copiesTooMuch(offset: Int)
    case unknownOpcode(UInt8, offset: Int)
    case unknownProtocol(UInt8)
    case emptyStack(offset: Int)
    case noMark(offset: Int)
    case oddItems(offset: Int)
    case unknownMemo(Int, offset: Int)
    case badText(offset: Int)
    case outsideBuffer(offset: Int)
    case wrongKind(expected: String, found: String, offset: Int)
}

extension PickleError: CustomStringConvertible {
    /// The thing, what was expected and what was found.
    public var description: String {
        switch self {
        case .cutOff(let offset):
            "its pickle should go on until a stop, but is cut off in the operation at byte \(offset)"
        case .trailingBytes(let count):
            "its pickle should end where it stops, but \(count) bytes follow"
        case .tooManyOperations(let limit):
            "its pickle may have \(limit) operations at most, but has more"
        case .copiesTooMuch(let offset):
            "its pickle copies far more than the file has, at byte \(offset)"
        case .unknownOpcode(let opcode, let offset):
            "its pickle should consist of Python's operations, but has 0x"
                + String(opcode, radix: 16) + " at byte \(offset)"
        case .unknownProtocol(let version):
            "its pickle should be of protocol 0 to 5, but is of protocol \(version)"
        case .emptyStack(let offset):
            "its pickle takes more values at byte \(offset) than it has made"
        case .noMark(let offset):
            "its pickle takes values back to a mark at byte \(offset), but has set none"
        case .oddItems(let offset):
            "its pickle should have a value for each key at byte \(offset), but one is missing"
        case .unknownMemo(let index, let offset):
            "its pickle asks for its memo \(index) at byte \(offset), but has not written it"
        case .badText(let offset):
            "its pickle should have a text or a number at byte \(offset), but has other bytes"
        case .outsideBuffer(let offset):
            "its pickle asks at byte \(offset) for a buffer outside the file"
        case .wrongKind(let expected, let found, let offset):
            "its pickle should have \(expected) at byte \(offset), but has \(found)"
        }
    }
}

/// Why a pickle was not read; nothing of it was executed.
public enum PickleError: Error, Sendable, Equatable {
    case tooLarge(byteCount: Int, limit: Int)
    case cutOff(offset: Int)
    case trailingBytes(count: Int)
    case unknownOpcode(UInt8, offset: Int)
    case unknownProtocol(UInt8)
    case emptyStack(offset: Int)
    case noMark(offset: Int)
    case oddItems(offset: Int)
    case unknownMemo(Int, offset: Int)
    case badText(offset: Int)
    case forbiddenName(String)
    case forbiddenCall(String, offset: Int)
    case wrongKind(expected: String, found: String, offset: Int)
}

extension PickleError: CustomStringConvertible {
    /// The thing, what was expected and what was found.
    public var description: String {
        switch self {
        case .tooLarge(let byteCount, let limit):
            "data.pkl may have \(limit) bytes at most, but has \(byteCount)"
        case .cutOff(let offset):
            "data.pkl should go on until a stop, but is cut off in the operation at byte \(offset)"
        case .trailingBytes(let count):
            "data.pkl should end where its pickle stops, but \(count) bytes follow"
        case .unknownOpcode(let opcode, let offset):
            "data.pkl should consist of operations that checkpoints need, but has 0x"
                + String(opcode, radix: 16) + " at byte \(offset)"
        case .unknownProtocol(let version):
            "data.pkl should be of pickle protocol 2 to 5, but is of protocol \(version)"
        case .emptyStack(let offset):
            "data.pkl takes more values at byte \(offset) than it has made"
        case .noMark(let offset):
            "data.pkl takes values back to a mark at byte \(offset), but has set none"
        case .oddItems(let offset):
            "data.pkl should have a value for each key at byte \(offset), but one is missing"
        case .unknownMemo(let index, let offset):
            "data.pkl asks for its memo \(index) at byte \(offset), but has not written it"
        case .badText(let offset):
            "data.pkl should have a text in UTF-8 at byte \(offset), but has other bytes"
        case .forbiddenName(let name):
            "it refers to \(name.shown), which is not on the list of names a checkpoint needs; "
                + "the file may be trying to run code, or may hold more than weights; "
                + "nothing was executed; if you trust its source, save only its state dict again "
                + "with torch.save"
        case .forbiddenCall(let callee, let offset):
            "data.pkl calls \(callee) at byte \(offset) with arguments no checkpoint has; "
                + "nothing was executed"
        case .wrongKind(let expected, let found, let offset):
            "data.pkl should have \(expected) at byte \(offset), but has \(found)"
        }
    }
}

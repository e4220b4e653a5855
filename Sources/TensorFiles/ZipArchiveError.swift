import Basics

/// A rule of the zip format that an archive breaks, or a feature of it that is not read.
public enum ZipArchiveError: Error, Sendable, Equatable {
    case noDirectory
    case severalDisks
    case badRecord(String, offset: UInt64)
    case entryCount(expected: UInt64, found: Int)
    case badName(offset: Int)
    case duplicateName(String)
    case encrypted(entry: String)
    case unknownMethod(entry: String, method: UInt16)
    case outsideFile(entry: String)
    case overlap(entry: String, other: String)
    case storedSize(entry: String, expected: UInt64, found: UInt64)
    case expandsTooMuch(entry: String, claimed: UInt64, limit: Int)
    case damaged(entry: String)
    case checksum(entry: String, expected: UInt32, found: UInt32)
}

extension ZipArchiveError: CustomStringConvertible {
    /// The thing, what was expected and what was found.
    public var description: String {
        switch self {
        case .noDirectory:
            "a zip archive should end with its directory, but there is none; the file is cut off "
                + "or has been added to"
        case .severalDisks:
            "the zip archive should be whole, but is split over several files"
        case .badRecord(let record, let offset):
            "the zip archive should have \(record) at byte \(offset), but has something else"
        case .entryCount(let expected, let found):
            "the zip archive's directory should list \(expected) entries, but lists \(found)"
        case .badName(let offset):
            "the zip entry listed at byte \(offset) should have a name in UTF-8, but has none"
        case .duplicateName(let name):
            "zip entry \(name.quoted) should stand there once, but stands there twice"
        case .encrypted(let entry):
            "zip entry \(entry.quoted) should be readable by anyone, but is encrypted"
        case .unknownMethod(let entry, let method):
            "zip entry \(entry.quoted) should be stored or deflated (method 0 or 8), "
                + "but is packed with method \(method)"
        case .outsideFile(let entry):
            "zip entry \(entry.quoted) should lie before the archive's directory, but does not"
        case .overlap(let entry, let other):
            "zip entry \(entry.quoted) should have bytes of its own, but shares them with "
                + "\(other.quoted)"
        case .storedSize(let entry, let expected, let found):
            "zip entry \(entry.quoted) should have the \(expected) bytes it claims, but has "
                + "\(found)"
        case .expandsTooMuch(let entry, let claimed, let limit):
            "zip entry \(entry.quoted) may expand to \(limit) bytes at most, but claims \(claimed)"
        case .damaged(let entry):
            "zip entry \(entry.quoted) should unpack to the size it claims, but its bytes are "
                + "damaged"
        case .checksum(let entry, let expected, let found):
            "zip entry \(entry.quoted) should have the CRC-32 \(Self.hexadecimal(expected)), but "
                + "has "
                + "\(Self.hexadecimal(found)); its bytes are damaged"
        }
    }

    private static func hexadecimal(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

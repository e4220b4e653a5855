#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The form of a file of weights, told by its first bytes alone.
enum WeightFormat {
    case safetensors
    case zip
    case stream
    case pickle

    init?(of contents: Data) {
        if contents.starts(with: Array("PK\u{03}\u{04}".utf8)) {
            self = .zip
        } else if PyTorchStream.begins(contents) {
            self = .stream
        } else if Self.isPickle(contents) {
            self = .pickle
        } else if Self.isSafetensors(contents) {
            self = .safetensors
        } else {
            return nil
        }
    }

    /// Whether a JSON object stands behind eight bytes, also after spaces where those are a length.
    private static func isSafetensors(_ contents: Data) -> Bool {
        let header = contents.dropFirst(8).prefix(1000)
        if header.first == UInt8(ascii: "{") { return true }
        let start = header.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return start.first == UInt8(ascii: "{")
            && contents.prefix(8).suffix(4).allSatisfy { $0 == 0 }
    }

    /// Whether the contents begin as a pickle does that is a dictionary; a safetensors header whose length
    /// has the same first bytes goes on with a zero, which is no operation.
    private static func isPickle(_ contents: Data) -> Bool {
        let bytes = Array(contents.prefix(3))
        let beginnings = ["(dp", "}q", "}.", "ccollections\nOrderedDict\n"]
        return bytes.count == 3 && bytes[0] == 0x80 && bytes[1] <= 5 && bytes[2] != 0
            || beginnings.contains { contents.starts(with: Array($0.utf8)) }
    }
}

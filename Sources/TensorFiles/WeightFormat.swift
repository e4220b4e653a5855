#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The form of a file of weights, told by its first bytes alone.
public enum WeightFormat: String, Sendable {
    case safetensors
    /// What `torch.save` writes today.
    case zip = "PyTorch"
    /// What it wrote before PyTorch 1.6.
    case stream = "PyTorch before 1.6"
    /// A dictionary that was pickled by itself, as detectron2's files.
    case pickle

    init?(of contents: Data) {
        if contents.starts(with: Array("PK\u{03}\u{04}".utf8)) {
            self = .zip
        } else if Self.isSafetensors(contents) {
            self = .safetensors
        } else if PyTorchStream.begins(contents) {
            self = .stream
        } else if Self.isPickle(contents) {
            self = .pickle
        } else if contents.dropFirst(8).first == UInt8(ascii: "{") {
            // With a length that no header has, for the error that says so.
            self = .safetensors
        } else {
            return nil
        }
    }

    /// Whether a JSON object stands behind eight bytes that are the length of a header, also after spaces.
    ///
    /// Asked before all pickles: a length may begin as one, but none has four zeros there and a brace behind.
    private static func isSafetensors(_ contents: Data) -> Bool {
        guard contents.prefix(8).suffix(4).allSatisfy({ $0 == 0 }) else { return false }
        let start = contents.dropFirst(8).prefix(1000).drop {
            [0x20, 0x09, 0x0A, 0x0D].contains($0)
        }
        return start.first == UInt8(ascii: "{")
    }

    /// Whether the contents begin as a pickle does, in protocols 0 and 1 as that of a dictionary.
    private static func isPickle(_ contents: Data) -> Bool {
        let beginnings = ["(dp", "}q", "}.", "ccollections\nOrderedDict\n"]
        if contents.first == 0x80, let version = contents.dropFirst().first, version <= 5 {
            return true
        }
        return beginnings.contains { contents.starts(with: Array($0.utf8)) }
    }
}

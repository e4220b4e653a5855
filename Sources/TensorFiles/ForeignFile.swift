import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a file is that holds no weights in a form that is read, and what to do with it.
public enum ForeignFile: Sendable, Equatable {
    case empty
    case webPage
    case gitLFSPointer
    case packed(String, tool: String)
    case tar(members: [String])
    case oldestCheckpoint
    case arrays
    case hdf5
    case gguf
    case onnx
    case json
    case text

    /// Tells by the first bytes; nil where they are of no known kind.
    init?(_ contents: Data) {
        func begins(_ bytes: some Sequence<UInt8>) -> Bool { contents.starts(with: bytes) }
        let text = String(decoding: contents.prefix(512), as: UTF8.self).lowercased()
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if contents.isEmpty {
            self = .empty
        } else if start.hasPrefix("<") {
            // A page, an error of a store in XML, with or without its heading or a comment before it.
            self = .webPage
        } else if begins("version https://git-lfs.github.com/spec/".utf8) {
            self = .gitLFSPointer
        } else if let packed = Self.packers.first(where: { begins($0.magic) }) {
            self = .packed(packed.name, tool: packed.tool)
        } else if contents.dropFirst(257).starts(with: Array("ustar".utf8)) {
            let members = Self.members(ofTar: contents)
            let isOldest = Set(members).isSuperset(of: ["pickle", "storages", "tensors"])
            self = isOldest ? .oldestCheckpoint : .tar(members: members)
        } else if begins([0x93] + Array("NUMPY".utf8)) {
            self = .arrays
        } else if begins([0x89] + Array("HDF".utf8)) {
            self = .hdf5
        } else if begins("GGUF".utf8) {
            self = .gguf
        } else if Self.isONNX(contents) {
            self = .onnx
        } else if start.hasPrefix("{") || start.hasPrefix("[") {
            self = .json
        } else if !contents.prefix(512).contains(where: { $0 < 0x09 || (0x0E..<0x20).contains($0) })
        {
            self = .text
        } else {
            return nil
        }
    }

    /// Whether the bytes begin with the format's version and another field of ONNX's model.
    private static func isONNX(_ contents: Data) -> Bool {
        let bytes = Array(contents.prefix(3))
        // The keys of the fields producer, its version, domain, model version, documentation, graph and operator sets.
        return bytes.count == 3 && bytes[0] == 0x08 && (3..<64).contains(bytes[1])
            && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(bytes[2])
    }

    private static let packers: [(magic: [UInt8], name: String, tool: String)] = [
        ([0x1F, 0x8B], "gzip", "gzip -dc FILE > weights.pth"),
        (Array("BZh".utf8), "bzip2", "bzip2 -dc FILE > weights.pth"),
        ([0xFD] + Array("7zXZ".utf8), "xz", "xz -dc FILE > weights.pth"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "zstd -dc FILE > weights.pth"),
        (Array("7z".utf8) + [0xBC, 0xAF], "7z", "7z x FILE"),
        (Array("Rar!".utf8), "rar", "unrar x FILE"),
    ]

    /// The names of a tar archive's members; those behind the first thousand count for nothing.
    private static func members(ofTar contents: Data) -> [String] {
        var names: [String] = []
        var cursor = ByteCursor(contents)
        while names.count < 1000, let header = cursor.take(512), header.first != 0 {
            names.append(String(decoding: header.prefix(100).prefix { $0 != 0 }, as: UTF8.self))
            let field = header.dropFirst(124).prefix(11)
            guard let size = Int(String(decoding: field, as: UTF8.self), radix: 8), size >= 0,
                cursor.skip((size + 511) / 512 * 512)
            else { break }
        }
        return names
    }
}

extension ForeignFile: CustomStringConvertible {
    /// What the file is, and what to do.
    public var description: String {
        switch self {
        case .empty:
            "is empty; download or save it again"
        case .webPage:
            "is a web page, not a weights file: the download gave a page instead of the file (a login, "
                + "a warning or an error); open it in a browser to see which, and download the file itself"
        case .gitLFSPointer:
            "is a Git LFS pointer, not the file it points to; get that with `git lfs pull` in its repository"
        case .packed(let name, let tool):
            "is packed with \(name); unpack it first (\(tool)), and name what comes out"
        case .tar(let members):
            "is a tar archive, not a weights file, and holds "
                + members.map(\.quoted).firstFew
                + "; unpack it (tar -xf FILE) and name the weights file inside"
        case .oldestCheckpoint:
            "is a checkpoint in the form of PyTorch before 0.1.10 (a tar archive), which is not read; "
                + "load it with a PyTorch that reads it, and save its state dict again"
        case .arrays:
            "is an array of NumPy, not a dictionary of weights; save a dictionary of all arrays, in "
                + "Python: safetensors.numpy.save_file({\"name\": array, …}, \"weights.safetensors\")"
        case .hdf5:
            "is an HDF5 file, as Keras writes them, which is not read; expected PyTorch's weights"
        case .gguf:
            "is a GGUF file, as language models have them, which is not read; expected PyTorch's weights"
        case .onnx:
            "is an ONNX model, for programs that run such models, and holds no weights under a network's "
                + "names; name the weights that it was made of"
        case .json:
            "is a JSON text, such as the index of weights that are split over several files; name a file "
                + "of weights instead"
        case .text:
            "is a text, not a weights file this tool reads: expected a safetensors file or a PyTorch "
                + "checkpoint (.pt, .pth)"
        }
    }
}

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The tensors of a file and the texts that came with them.
public struct WeightFile: Sendable, Equatable {
    /// The tensors, in the file's order.
    public var entries: [TensorEntry]

    /// The texts of a safetensors header; none for a PyTorch checkpoint.
    public var metadata: [String: String]

    /// Makes the contents of a file.
    ///
    /// - Parameters:
    ///   - entries: the tensors.
    ///   - metadata: texts that come with them.
    public init(entries: [TensorEntry], metadata: [String: String] = [:]) {
        self.entries = entries
        self.metadata = metadata
    }

    /// Reads a safetensors file or a PyTorch checkpoint, whichever the contents are.
    ///
    /// Nothing of the file is executed.
    ///
    /// - Parameter path: where the file lies.
    /// - Returns: the file's tensors.
    /// - Throws: `WeightFileError` where the file cannot be read, is damaged or of another kind.
    public static func read(path: String) throws(WeightFileError) -> WeightFile {
        try decode(try contents(of: path), path: path)
    }

    /// Decodes the contents of a safetensors file or a PyTorch checkpoint.
    ///
    /// - Parameters:
    ///   - contents: the whole file.
    ///   - path: what errors call the file.
    /// - Returns: the file's tensors.
    /// - Throws: `WeightFileError` where the contents are damaged or of another kind.
    public static func decode(
        _ contents: Data, path: String
    ) throws(WeightFileError) -> WeightFile {
        switch WeightFormat(of: contents) {
        case .safetensors:
            do throws(SafetensorsError) {
                return try Safetensors.decode(contents)
            } catch {
                throw .safetensors(path: path, error)
            }
        case .zip:
            do throws(PyTorchCheckpointError) {
                return try PyTorchCheckpoint.decode(contents)
            } catch {
                throw .checkpoint(path: path, error)
            }
        case .legacy(let layout):
            throw .legacy(path: path, layout)
        case nil:
            throw .unknownFormat(path: path, byteCount: contents.count)
        }
    }

    /// Reads a whole file; mapping it instead would crash where someone shortens it meanwhile.
    private static func contents(of path: String) throws(WeightFileError) -> Data {
        let url = URL(filePath: path).resolvingSymlinksInPath()
        do {
            let type = try FileManager.default.attributesOfItem(atPath: url.path)[.type]
            // A device or a pipe might never end.
            guard type as? FileAttributeType == .typeRegular else {
                throw WeightFileError.unreadable(path: path, reason: "it is not a regular file")
            }
            return try Data(contentsOf: url)
        } catch let error as WeightFileError {
            throw error
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw .unreadable(path: path, reason: "it does not exist")
        } catch let error as CocoaError where error.code == .fileReadNoPermission {
            throw .unreadable(path: path, reason: "its permissions forbid it")
        } catch {
            throw .unreadable(path: path, reason: "reading it failed with \(error)")
        }
    }
}

/// What a file is, told by its first bytes alone.
private enum WeightFormat {
    case safetensors
    case zip
    case legacy(WeightFileError.Legacy)

    init?(of contents: Data) {
        // A pickle of the number 0x1950a86a20f9469cfc6c, by which PyTorch knew its old files.
        let picklesMagic = Data([0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8])
        if contents.starts(with: Array("PK\u{03}\u{04}".utf8)) {
            self = .zip
        } else if contents.dropFirst(8).first == UInt8(ascii: "{") {
            self = .safetensors
        } else if contents.first == 0x80, contents.dropFirst(2).starts(with: picklesMagic) {
            self = .legacy(.pickles)
        } else if contents.dropFirst(257).starts(with: Array("ustar".utf8)) {
            self = .legacy(.tar)
        } else {
            return nil
        }
    }
}

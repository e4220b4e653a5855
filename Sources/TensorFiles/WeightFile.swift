#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The tensors of a file, or of one of its dictionaries, and the texts that came with them.
public struct WeightFile: Sendable, Equatable {
    /// The tensors, in the file's order.
    public var entries: [TensorEntry]

    /// The texts of a safetensors header; none for a PyTorch checkpoint.
    public var metadata: [String: String]

    /// The keys, joined by dots, under which a checkpoint holds these tensors; nil for its outermost
    /// dictionary.
    public var key: String?

    /// What the entries beside the tensors are, by their names, such as "an object of the class X".
    public var others: [String: String]

    /// Who wrote the file, where a checkpoint's outermost dictionary says so under `__author__`, as those of
    /// detectron2 do.
    public var author: String?

    /// Whether the tensors stand under a key by which scripts mean a running mean of the weights.
    public var isAveraged: Bool {
        key.map { key in
            key.split(separator: ".").contains { WeightSearch.averagedKeys.contains(String($0)) }
        } ?? false
    }

    /// Makes the contents of a file.
    ///
    /// - Parameters:
    ///   - entries: the tensors.
    ///   - metadata: texts that come with them.
    ///   - key: the keys that lead to them in a checkpoint, joined by dots.
    ///   - others: what the entries beside the tensors are, by their names.
    ///   - author: who wrote the file.
    public init(
        entries: [TensorEntry], metadata: [String: String] = [:], key: String? = nil,
        others: [String: String] = [:], author: String? = nil
    ) {
        self.entries = entries
        self.metadata = metadata
        self.key = key
        self.others = others
        self.author = author
    }

    /// Reads a safetensors file or a PyTorch checkpoint, whichever the contents are.
    ///
    /// Nothing of the file is executed.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - key: where in the file they are.
    /// - Returns: the file's tensors; of several sets the one that is to be preferred.
    /// - Throws: `WeightFileError` where the file cannot be read, is damaged or of another kind.
    public static func read(
        path: String, key: WeightsKey = WeightsKey()
    ) throws(WeightFileError) -> WeightFile {
        try first(of: readAll(path: path, key: key), path)
    }

    /// Reads every set of tensors that a file holds, such as the last and the averaged weights.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - key: where in the file they are.
    /// - Returns: at least one set; the one to be preferred first.
    /// - Throws: `WeightFileError` where the file cannot be read, is damaged or of another kind.
    public static func readAll(
        path: String, key: WeightsKey = WeightsKey()
    ) throws(WeightFileError) -> [WeightFile] {
        try decodeAll(try contents(of: path), path: path, key: key)
    }

    /// Reads every set of tensors that a file holds, and says what kind of file it is.
    ///
    /// - Parameters:
    ///   - path: where the file lies.
    ///   - key: where in the file they are.
    /// - Returns: at least one set, the one to be preferred first; the form and the size of the whole file.
    /// - Throws: `WeightFileError` where the file cannot be read, is damaged or of another kind.
    package static func examine(
        path: String, key: WeightsKey
    ) throws(WeightFileError) -> (files: [WeightFile], format: WeightFormat, byteCount: Int) {
        let contents = try contents(of: path)
        let files = try decodeAll(contents, path: path, key: key)
        guard let format = WeightFormat(of: contents) else {
            throw .unknownFormat(path: path, byteCount: contents.count)
        }
        return (files, format, contents.count)
    }

    /// Decodes the contents of a safetensors file or a PyTorch checkpoint.
    ///
    /// - Parameters:
    ///   - contents: the whole file.
    ///   - path: what errors call the file.
    ///   - key: where in the file they are.
    /// - Returns: the file's tensors; of several sets the one that is to be preferred.
    /// - Throws: `WeightFileError` where the contents are damaged or of another kind.
    public static func decode(
        _ contents: Data, path: String, key: WeightsKey = WeightsKey()
    ) throws(WeightFileError) -> WeightFile {
        try first(of: decodeAll(contents, path: path, key: key), path)
    }

    /// Decodes every set of tensors that the contents of a file hold.
    ///
    /// - Parameters:
    ///   - contents: the whole file.
    ///   - path: what errors call the file.
    ///   - key: where in the file they are.
    /// - Returns: at least one set; the one to be preferred first.
    /// - Throws: `WeightFileError` where the contents are damaged or of another kind.
    public static func decodeAll(
        _ contents: Data, path: String, key: WeightsKey = WeightsKey()
    ) throws(WeightFileError) -> [WeightFile] {
        let format = WeightFormat(of: contents)
        guard format != .safetensors else {
            let file: WeightFile
            do throws(SafetensorsError) {
                file = try Safetensors.decode(contents)
            } catch {
                throw .safetensors(path: path, error)
            }
            guard let prefix = key.path else { return [file] }
            return [try file.below(prefix, path)]
        }
        do throws(PyTorchCheckpointError) {
            switch format {
            case .zip: return try PyTorchCheckpoint.decode(archive: contents, key: key)
            case .stream: return try PyTorchCheckpoint.decode(stream: contents, key: key)
            case .pickle: return try PyTorchCheckpoint.decode(pickle: contents, key: key)
            case .safetensors, nil: break
            }
        } catch {
            throw .checkpoint(path: path, error)
        }
        if let kind = ForeignFile(contents) { throw .foreign(path: path, kind) }
        throw .unknownFormat(path: path, byteCount: contents.count)
    }

    /// The tensors whose names begin with a prefix and a dot, without them.
    private func below(_ prefix: String, _ path: String) throws(WeightFileError) -> WeightFile {
        var file = self
        file.key = prefix
        let start = prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix
        file.entries = entries.compactMap { entry in
            guard let name = NameMatch.name(entry.name, below: start) else { return nil }
            var entry = entry
            entry.name = name
            return entry
        }
        guard !file.entries.isEmpty else { throw .noSuchPrefix(path: path, prefix) }
        return file
    }

    private static func first(
        of files: [WeightFile], _ path: String
    ) throws(WeightFileError) -> WeightFile {
        guard let file = files.first else { throw .unknownFormat(path: path, byteCount: 0) }
        return file
    }

    /// Reads a whole file; mapping it instead would crash where someone shortens it meanwhile.
    static func contents(of path: String) throws(WeightFileError) -> Data {
        let url = URL(filePath: path).resolvingSymlinksInPath()
        do {
            let type = try FileManager.default.attributesOfItem(atPath: url.path)[.type]
            // A device or a pipe might never end.
            guard type as? FileAttributeType == .typeRegular else {
                throw WeightFileError.unreadable(
                    path: path,
                    reason: type as? FileAttributeType == .typeDirectory
                        ? "it is a folder" : "it is not a regular file")
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

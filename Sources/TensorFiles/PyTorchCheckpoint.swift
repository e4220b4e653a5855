#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A zip file that `torch.save` wrote: a pickle that describes tensors, and their storages.
struct PyTorchCheckpoint {
    /// What the tensors may have in bytes beyond the file's size, since they may share elements.
    static let expansionLimit = 1 << 30

    private let archive: ZipArchive
    private let folder: String
    private let graph: PickleGraph
    private var storages: [String: Data] = [:]

    /// Decodes the state dict that a checkpoint is or holds.
    ///
    /// - Parameter contents: the whole file.
    /// - Returns: the state dict's tensors in their order, made contiguous.
    /// - Throws: `PyTorchCheckpointError` where the file is damaged or holds something else.
    static func decode(_ contents: Data) throws(PyTorchCheckpointError) -> WeightFile {
        var checkpoint = try PyTorchCheckpoint(contents)
        let stateDict = try StateDict(in: checkpoint.graph)
        try checkSizes(of: stateDict.tensors, limit: contents.count + expansionLimit)
        var entries: [TensorEntry] = []
        for (name, view) in stateDict.tensors {
            entries.append(try checkpoint.entry(name, view))
        }
        return WeightFile(entries: entries)
    }

    private init(_ contents: Data) throws(PyTorchCheckpointError) {
        archive = try Self.unzip { () throws(ZipArchiveError) in try ZipArchive(contents) }
        let pickles = archive.entries.filter {
            $0.name.hasSuffix("/data.pkl") && $0.name.count { $0 == "/" } == 1
        }
        guard pickles.count == 1 else { throw .pickleCount(pickles.count) }
        folder = String(pickles[0].name.dropLast("data.pkl".count))
        guard archive[folder + "constants.pkl"] == nil else { throw .torchScript }
        try Self.checkByteOrder(of: archive, folder: folder)
        let pickle = try Self.bytes(of: pickles[0], in: archive)
        do throws(PickleError) {
            graph = try PickleInterpreter.graph(of: pickle)
        } catch {
            throw .pickle(error)
        }
    }

    /// Checks every tensor before the first one takes memory.
    private static func checkSizes(
        of tensors: [StateDict.Tensor], limit: Int
    ) throws(PyTorchCheckpointError) {
        var available = limit
        for (name, view) in tensors {
            guard let byteCount = view.byteCount else {
                throw .outsideStorage(
                    tensor: name, shape: view.shape, strides: view.strides, offset: view.offset,
                    available: view.storage.count)
            }
            guard byteCount <= available else {
                throw .expandsTooMuch(tensor: name, byteCount: byteCount, available: available)
            }
            available -= byteCount
        }
    }

    private mutating func entry(
        _ name: String, _ view: TensorView
    ) throws(PyTorchCheckpointError) -> TensorEntry {
        TensorEntry(
            name: name, elementType: view.storage.elementType, shape: view.shape,
            bytes: view.contiguousBytes(in: try storage(view.storage, of: name)))
    }

    /// Unpacks a storage the first time it is asked for, and checks that it has the size it should.
    private mutating func storage(
        _ reference: StorageReference, of tensor: String
    ) throws(PyTorchCheckpointError) -> Data {
        guard let entry = archive[folder + "data/" + reference.key] else {
            throw .noStorage(tensor: tensor, key: reference.key)
        }
        guard reference.elementType.byteCount(shape: [reference.count]) == entry.size else {
            throw .storageSize(
                tensor: tensor, key: reference.key, elementType: reference.elementType,
                count: reference.count, byteCount: entry.size)
        }
        if let known = storages[reference.key] { return known }
        let bytes = try Self.bytes(of: entry, in: archive)
        storages[reference.key] = bytes
        return bytes
    }

    private static func checkByteOrder(
        of archive: ZipArchive, folder: String
    ) throws(PyTorchCheckpointError) {
        // Files older than PyTorch 2.1 do not say, and are little endian.
        guard let entry = archive[folder + "byteorder"] else { return }
        let order = String(decoding: try bytes(of: entry, in: archive).prefix(16), as: UTF8.self)
        guard order == "little" else { throw .byteOrder(order) }
    }

    private static func bytes(
        of entry: ZipEntry, in archive: ZipArchive
    ) throws(PyTorchCheckpointError) -> Data {
        try unzip { () throws(ZipArchiveError) in try archive.bytes(of: entry) }
    }

    private static func unzip<Result>(
        _ body: () throws(ZipArchiveError) -> Result
    ) throws(PyTorchCheckpointError) -> Result {
        do throws(ZipArchiveError) {
            return try body()
        } catch {
            throw .zip(error)
        }
    }
}

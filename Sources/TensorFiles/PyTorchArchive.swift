import Basics
import Pickles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The bytes of a checkpoint's storages.
protocol StorageSource {
    /// How many bytes all storages have together.
    var byteCount: Int { get }

    /// Gives a storage's bytes, after a check that there are as many as its elements need.
    ///
    /// - Parameters:
    ///   - reference: the storage.
    ///   - tensor: the tensor that lies in it, for the error.
    /// - Returns: the bytes of the whole storage.
    /// - Throws: `PyTorchCheckpointError` where the storage is absent or of another size.
    mutating func bytes(
        of reference: StorageReference, for tensor: String
    ) throws(PyTorchCheckpointError) -> Data
}

/// A zip file as `torch.save` has written it since PyTorch 1.6: a pickle that describes tensors, and an
/// entry for each of their storages.
struct PyTorchArchive: StorageSource {
    let graph: PickleGraph
    private let archive: ZipArchive
    private let folder: String
    private var storages: [String: Data] = [:]

    init(_ contents: Data) throws(PyTorchCheckpointError) {
        archive = try Self.unzip { () throws(ZipArchiveError) in try ZipArchive(contents) }
        let names = archive.entries.map(\.name)
        if let program = ProgramFile(members: names) { throw .program(program) }
        let pickles = archive.entries.filter {
            $0.name == "data.pkl"
                || $0.name.hasSuffix("/data.pkl") && $0.name.count { $0 == "/" } == 1
        }
        guard pickles.count == 1 else {
            guard !names.contains(where: { $0.hasSuffix(".npy") }) else { throw .arrays }
            throw .notACheckpoint(container: "a zip archive", members: names)
        }
        folder = String(pickles[0].name.dropLast("data.pkl".count))
        try Self.checkByteOrder(of: archive, folder: folder)
        let pickle = try Self.bytes(of: pickles[0], in: archive)
        do throws(PickleError) {
            graph = try PickleInterpreter.graph(of: pickle)
        } catch {
            throw .pickle(error)
        }
    }

    var byteCount: Int { archive.entries.reduce(0) { $0 + $1.size } }

    /// Unpacks a storage the first time it is asked for.
    mutating func bytes(
        of reference: StorageReference, for tensor: String
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

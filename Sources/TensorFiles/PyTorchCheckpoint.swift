import Basics
import Pickles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The named tensors that a pickle and its storages describe.
enum PyTorchCheckpoint {
    /// What all tensors may have in bytes beyond four times the storages', since they may share elements.
    static let expansionLimit = 16 << 20

    /// Decodes the zip form.
    static func decode(
        archive contents: Data, key: WeightsKey
    ) throws(PyTorchCheckpointError) -> [WeightFile] {
        let archive = try PyTorchArchive(contents)
        return try decode(archive.graph, from: archive, key: key)
    }

    /// Decodes the form before PyTorch 1.6.
    static func decode(
        stream contents: Data, key: WeightsKey
    ) throws(PyTorchCheckpointError) -> [WeightFile] {
        let stream = try PyTorchStream(contents)
        return try decode(stream.graph, from: stream, key: key)
    }

    /// Decodes a single pickle, which can hold arrays of NumPy alone.
    static func decode(
        pickle contents: Data, key: WeightsKey
    ) throws(PyTorchCheckpointError) -> [WeightFile] {
        let graph: PickleGraph
        do throws(PickleError) {
            graph = try PickleInterpreter.graph(of: contents)
        } catch {
            throw .pickle(error)
        }
        // Training scripts keep all kinds of objects beside their weights; arrays alone need none that runs.
        if let callee = graph.calleeThatRuns { throw .asksForCode(callee) }
        return try decode(graph, from: NoStorages(byteCount: contents.count), key: key)
    }

    private static func decode(
        _ graph: PickleGraph, from source: some StorageSource, key: WeightsKey
    ) throws(PyTorchCheckpointError) -> [WeightFile] {
        var source = source
        let (product, overflow) = source.byteCount.multipliedReportingOverflow(by: 4)
        // One allowance for all sets, because a file can name the same tensors in many of them.
        var available = (overflow ? .max / 2 : product) + expansionLimit
        var files: [WeightFile] = []
        for set in try WeightSearch(graph).sets(under: key) {
            do throws(PyTorchCheckpointError) {
                try take(set.tensors, from: &available)
            } catch .expandsTooMuch(_, _, _) where !files.isEmpty {
                break
            }
            var entries: [TensorEntry] = []
            for tensor in set.tensors {
                let view = tensor.view
                let bytes =
                    if let bytes = tensor.bytes {
                        bytes
                    } else {
                        try source.bytes(of: view.storage, for: tensor.name)
                    }
                entries.append(
                    TensorEntry(
                        name: tensor.name, elementType: view.storage.elementType,
                        shape: view.shape, bytes: view.contiguousBytes(in: bytes)))
            }
            files.append(
                WeightFile(
                    entries: entries, key: set.key, others: set.others,
                    author: author(of: graph)))
        }
        return files
    }

    private static func author(of graph: PickleGraph) -> String? {
        guard case .string(let name) = graph.value(of: graph.root, under: "__author__") else {
            return nil
        }
        return name
    }

    /// Checks every tensor before the first one takes memory.
    private static func take(
        _ tensors: [WeightSet.Tensor], from available: inout Int
    ) throws(PyTorchCheckpointError) {
        for tensor in tensors {
            let view = tensor.view
            guard let byteCount = view.byteCount else {
                throw .outsideStorage(
                    tensor: tensor.name, shape: view.shape, strides: view.strides,
                    offset: view.offset, available: view.storage.count)
            }
            guard byteCount <= available else {
                throw .expandsTooMuch(
                    tensor: tensor.name, byteCount: byteCount, available: available)
            }
            available -= byteCount
        }
    }
}

/// A pickle that stands alone has no storages beside it.
private struct NoStorages: StorageSource {
    let byteCount: Int

    mutating func bytes(
        of reference: StorageReference, for tensor: String
    ) throws(PyTorchCheckpointError) -> Data {
        throw .noStorage(tensor: tensor, key: reference.key)
    }
}

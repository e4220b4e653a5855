import Basics
import Pickles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file as `torch.save` wrote it before PyTorch 1.6: four pickles (a magic number, a version, facts
/// of the machine, the object), a pickle of the storages' keys, and the storages' bytes.
struct PyTorchStream: StorageSource {
    /// How every such file begins: a pickle of the number 0x1950a86a20f9469cfc6c, whatever its protocol.
    static let beginnings: [Data] = [
        Data([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]),
        Data("L119547037146038801333356L\n".utf8),
        Data("I119547037146038801333356\n".utf8),
    ]

    /// Whether a file begins as one of this form, in any protocol.
    static func begins(_ contents: Data) -> Bool {
        let magic = beginnings[0].dropFirst(2)
        return beginnings.contains { contents.starts(with: $0) }
            || (contents.first == 0x80 && contents.dropFirst(2).starts(with: magic))
            // From protocol 4 on, a frame of eleven bytes stands around the number.
            || (contents.first == 0x80 && contents.dropFirst(2).first == 0x95
                && contents.dropFirst(11).starts(with: magic))
    }

    let graph: PickleGraph
    private let contents: Data
    /// Where each storage's bytes lie, counted from the file's start.
    private var places: [String: Range<Int>] = [:]

    init(_ contents: Data) throws(PyTorchCheckpointError) {
        self.contents = contents
        var cursor = ByteCursor(contents)
        _ = try Self.next(&cursor)
        let version = try Self.next(&cursor).root
        guard version == .integer(1001) else { throw .streamVersion }
        let machine = try Self.next(&cursor)
        if machine.value(of: machine.root, under: "little_endian") == .bool(false) {
            throw .byteOrder("big")
        }
        graph = try Self.next(&cursor)
        let keys = try Self.next(&cursor)
        guard let list = keys.elements(of: keys.root) else { throw .streamKeys }
        for key in list {
            guard case .string(let key) = key else { throw .streamKeys }
            // The file does not say how wide the elements are; the pickle that refers to them does.
            guard let width = graph.storageTypes[key].flatMap({ Self.width(ofStorage: $0) }) else {
                throw .unknownStorage(key: key, type: graph.storageTypes[key])
            }
            guard let count = cursor.integer(Int64.self) else { throw .storageCutOff(key: key) }
            let (byteCount, overflow) = Int(count).multipliedReportingOverflow(by: width)
            let start = cursor.offset
            guard !overflow, cursor.skip(byteCount) else { throw .storageCutOff(key: key) }
            places[key] = start..<cursor.offset
        }
    }

    var byteCount: Int { contents.count }

    mutating func bytes(
        of reference: StorageReference, for tensor: String
    ) throws(PyTorchCheckpointError) -> Data {
        guard let place = places[reference.key] else {
            throw .noStorage(tensor: tensor, key: reference.key)
        }
        guard reference.elementType.byteCount(shape: [reference.count]) == place.count else {
            throw .storageSize(
                tensor: tensor, key: reference.key, elementType: reference.elementType,
                count: reference.count, byteCount: place.count)
        }
        let start = contents.startIndex + place.lowerBound
        return contents[start..<start + place.count]
    }

    private static func next(
        _ cursor: inout ByteCursor
    ) throws(PyTorchCheckpointError) -> PickleGraph {
        do throws(PickleError) {
            return try PickleInterpreter.next(from: &cursor)
        } catch {
            throw .pickle(error)
        }
    }

    /// The size of one element in bytes, also of types that no weights have.
    private static func width(ofStorage name: String) -> Int? {
        if case .storage(let type) = PickleGlobal(qualifiedName: name) { return type.byteCount }
        let type = name.split(separator: ".").last.map(String.init) ?? name
        return switch type {
        case "ComplexFloatStorage": 8
        case "ComplexDoubleStorage": 16
        case "QInt8Storage", "QUInt8Storage", "QUInt4x2Storage", "QUInt2x4Storage": 1
        case "QInt32Storage": 4
        default: nil
        }
    }
}

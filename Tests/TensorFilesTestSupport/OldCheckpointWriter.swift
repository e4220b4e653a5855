import Basics
import Foundation
import TensorFiles

/// Writes checkpoints in the form before PyTorch 1.6, by the rules of Python's pickletools.
package struct OldCheckpointWriter {
    /// A value of a checkpoint.
    package indirect enum Value {
        case tensors([TensorEntry])
        case dictionary([(String, Value)])
        /// Tensors and other values in one dictionary.
        case mixed([TensorEntry], [(String, Value)])
        case integer(UInt8)
        /// An object of a class with no arguments, as `module\nname`.
        case object(String)
    }

    private var storages: [(key: String, entry: TensorEntry)] = []

    /// The contents of a file with a value.
    package static func file(_ value: Value) -> Data {
        var writer = OldCheckpointWriter()
        let pickle = writer.pickle(value)
        var file = Data([
            0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
        ])
        file += Data(".".utf8) + Data([0x80, 2, 0x4D, 0xE9, 0x03]) + Data(".".utf8)
        file +=
            Data([0x80, 2]) + Data("}".utf8) + text("little_endian") + Data([0x88])
            + Data("s.".utf8)
        file += Data([0x80, 2]) + pickle + Data(".".utf8)
        file += Data([0x80, 2]) + Data("](".utf8)
        for storage in writer.storages { file += text(storage.key) }
        file += Data("e.".utf8)
        for storage in writer.storages {
            let width = storage.entry.elementType.byteCount
            file += integerBytes(storage.entry.bytes.count / width) + storage.entry.bytes
        }
        return file
    }

    private mutating func pickle(_ value: Value) -> Data {
        switch value {
        case .tensors(let entries):
            entries.reduce(Data("}".utf8)) { $0 + Self.text($1.name) + tensor($1) + Data("s".utf8) }
        case .dictionary(let items):
            items.reduce(Data("}".utf8)) { $0 + Self.text($1.0) + pickle($1.1) + Data("s".utf8) }
        case .mixed(let entries, let items):
            items.reduce(pickle(.tensors(entries))) {
                $0 + Self.text($1.0) + pickle($1.1) + Data("s".utf8)
            }
        case .integer(let value): Data([0x4B, value])
        case .object(let name): Data("c\(name)\n)R".utf8)
        }
    }

    private mutating func tensor(_ entry: TensorEntry) -> Data {
        let names: [ElementType: String] = [
            .float32: "Float", .int64: "Long", .int8: "Char", .float16: "Half",
        ]
        let key = "\(94_258_007_583_920 + storages.count * 64)"
        storages.append((key, entry))
        var strides: [Int] = []
        var stride = 1
        for dimension in entry.shape.reversed() {
            strides.insert(stride, at: 0)
            stride *= dimension
        }
        let count = entry.bytes.count / entry.elementType.byteCount
        return Data("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + Self.text("storage")
            + Data("ctorch\n\(names[entry.elementType] ?? "")Storage\n".utf8) + Self.text(key)
            + Self.text("cuda:0") + Self.integer(count) + Data("NtQ".utf8) + Self.integer(0)
            + Self.tuple(entry.shape) + Self.tuple(strides) + Data([0x89])
            + Data("ccollections\nOrderedDict\n)RtR".utf8)
    }

    private static func text(_ text: String) -> Data {
        Data([0x58]) + withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Data($0) }
            + Data(text.utf8)
    }

    private static func integer(_ value: Int) -> Data { Data([0x8A, 8]) + integerBytes(value) }

    private static func integerBytes(_ value: Int) -> Data {
        withUnsafeBytes(of: Int64(value).littleEndian) { Data($0) }
    }

    private static func tuple(_ values: [Int]) -> Data {
        values.reduce(Data("(".utf8)) { $0 + integer($1) } + Data("t".utf8)
    }
}

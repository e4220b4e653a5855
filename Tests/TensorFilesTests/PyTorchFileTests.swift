import Basics
import Foundation
import TensorFiles
import Testing

@Suite("Written PyTorch files")
struct PyTorchFileTests {
    private let entries = [
        TensorEntry(
            name: "b.weight", elementType: .float32, shape: [2, 3],
            bytes: Data((0..<24).map { UInt8($0) })),
        TensorEntry(
            name: "a.num_batches_tracked", elementType: .int64, shape: [],
            bytes: Data([7, 0, 0, 0, 0, 0, 0, 0])),
        TensorEntry(name: "é", elementType: .bfloat16, shape: [0, 4], bytes: Data()),
        TensorEntry(
            name: "c", elementType: .int8, shape: [1, 1, 2], bytes: Data([0x80, 0x7F])),
    ]

    @Test("give the tensors that were written, in their order")
    func roundTrip() throws {
        let contents = try PyTorchFile.encode(entries: entries)
        let file = try WeightFile.decode(contents, path: "test.pth")
        #expect(file.entries == entries)
        #expect(file.key == nil)
        #expect(try PyTorchFile.encode(entries: entries) == contents)
    }

    @Test("have the members of torch.save, with storages at multiples of 64 bytes")
    func members() throws {
        let contents = try PyTorchFile.encode(entries: entries)
        let archive = try ZipArchive(contents)
        #expect(
            archive.entries.map(\.name) == [
                "archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1",
                "archive/data/2", "archive/data/3", "archive/version",
            ])
        for entry in archive.entries where entry.name.contains("/data/") && entry.size > 0 {
            let bytes = try archive.bytes(of: entry)
            // A stored entry is a slice of the file.
            #expect(bytes.startIndex.isMultiple(of: 64), "\(entry.name)")
        }
    }

    @Test("hold storages of every type")
    func types() throws {
        let all = ElementType.allCases.map { type in
            TensorEntry(
                name: type.rawValue, elementType: type, shape: [3],
                bytes: Data(repeating: 1, count: 3 * type.byteCount))
        }
        let file = try WeightFile.decode(try PyTorchFile.encode(entries: all), path: "test.pth")
        #expect(file.entries == all)
    }

    @Test("are refused for a name that stands twice, and for bytes that do not fit")
    func refusals() {
        #expect(throws: PyTorchEncodingError.duplicateName("c")) {
            try PyTorchFile.encode(entries: [entries[3], entries[3]])
        }
        var entry = entries[0]
        entry.shape = [7]
        #expect(
            throws: PyTorchEncodingError.byteCount(entry: "b.weight", shape: [7], found: 24)
        ) { try PyTorchFile.encode(entries: [entry]) }
        let many = (0...65_532).map {
            TensorEntry(name: "\($0)", elementType: .int8, shape: [0], bytes: Data())
        }
        #expect(throws: PyTorchEncodingError.tooMany(count: 65_533, limit: 65_532)) {
            try PyTorchFile.encode(entries: many)
        }
    }
}

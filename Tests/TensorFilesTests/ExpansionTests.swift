import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

/// Small files whose pickles ask for much: what tensors may take is counted, so nothing here takes long or much.
@Suite("Checkpoints that ask for much")
struct ExpansionTests {
    @Test("All sets of a file share one allowance, and there are not more than 64 of them")
    func sets() throws {
        // Dictionaries whose six known keys lead to new ones, four deep, with a tensor of 4 MiB in each.
        func dictionary(_ depth: Int) -> Data {
            let keys = depth > 0 ? ["model", "net", "ema", "student", "teacher", "params"] : []
            return keys.reduce(Data("}".utf8) + tensor) { pickle, key in
                pickle + Data([0x55, UInt8(key.utf8.count)]) + Data(key.utf8)
                    + dictionary(depth - 1)
                    + Data("s".utf8)
            }
        }
        let pickle = dictionary(3)
        let contents = ZipWriter.checkpoint(pickle: pickle + Data(".".utf8))
        let files = try WeightFile.decodeAll(contents, path: "sets")
        let byteCount = files.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.bytes.count } }
        #expect((1...64).contains(files.count))
        #expect(byteCount <= 16 << 20 + 4 * contents.count)
    }

    @Test("A module that is its own part is no module")
    func ownPart() throws {
        let module =
            "cnn\nModule\n)\u{81}q\u{1}}(U\u{B}_parameters}U\u{8}_modules}U\u{1}ah\u{1}sub"
        let contents = ZipWriter.checkpoint(pickle: latin(module + "."))
        let error = #expect(throws: WeightFileError.self) {
            try WeightFile.decode(contents, path: "module")
        }
        #expect(
            error?.description.contains("but holds an object of the class nn.Module") == true,
            "\(String(describing: error))")
    }

    /// `w`, a float tensor of a million times the same element.
    private var tensor: Data {
        latin("U\u{1}wctorch._utils\n_rebuild_tensor_v2\n((U\u{7}storagectorch\nFloatStorage\n")
            + latin("U\u{1}0U\u{3}cpuK\u{2}tQK\u{0}(J") + UInt32(1 << 20).littleEndianBytes
            + latin("t(K\u{0}t\u{89}NtRs")
    }

    /// One byte for each scalar.
    private func latin(_ text: String) -> Data {
        Data(text.unicodeScalars.map { UInt8($0.value) })
    }
}

import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

/// Small pickles that ask for much: what may be copied is counted, so nothing here takes long or much.
@Suite("Pickles that ask for much")
struct ExpansionTests {
    @Test(
        "A text, a name or a list that is copied again and again is refused",
        arguments: [
            // _codecs.encode of one text of 64 kB, 2,000 times.
            ("c_codecs\nencode\np0\n", "h\u{0}h\u{1}U\u{6}latin1\u{86}R0", 1 << 16, 2_000),
            // A global with a name of 64 kB, 2,000 times.
            ("N", "h\u{1}h\u{1}\u{93}0", 1 << 16, 2_000),
        ])
    func copies(before: String, again: String, length: Int, count: Int) throws {
        let text = String(repeating: "a", count: length)
        let program =
            latin(before) + (before == "N" ? Data() : latin("q\u{0}0")) + Data("X".utf8)
            + UInt32(length).littleEndianBytes + Data(text.utf8) + latin("q\u{1}0")
            + Data(repeatElement(latin(again), count: count).joined()) + Data("N.".utf8)
        let error = #expect(throws: PickleError.self) { try PickleInterpreter.graph(of: program) }
        guard case .copiesTooMuch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A list of pairs that becomes a dictionary over and over is refused")
    func pairs() throws {
        let pair = latin("K\u{1}K\u{2}\u{86}")
        let list =
            latin("](") + Data(repeatElement(pair, count: 20_000).joined()) + latin("eq\u{1}0")
        let again = latin("ccollections\nOrderedDict\nh\u{1}\u{85}R0")
        let program =
            list + Data(repeatElement(again, count: 2_000).joined()) + Data("N.".utf8)
        let error = #expect(throws: PickleError.self) { try PickleInterpreter.graph(of: program) }
        guard case .copiesTooMuch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

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

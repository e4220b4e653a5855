import Foundation
import Pickles
import TensorFilesTestSupport
import Testing

/// Small pickles that ask for much: what may be copied is counted, so nothing here takes long or much.
@Suite("Pickles that copy much")
struct CopiesTests {
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

    /// One byte for each scalar.
    private func latin(_ text: String) -> Data {
        Data(text.unicodeScalars.map { UInt8($0.value) })
    }
}

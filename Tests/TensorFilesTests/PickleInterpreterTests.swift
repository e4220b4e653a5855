import Foundation
import TensorFiles
import Testing

@Suite("Pickles")
struct PickleInterpreterTests {
    @Test("Numbers and texts have the values that Python's pickle gives them")
    func literals() throws {
        // pickle.dumps of each value, protocol 2, without its header and its stop.
        expect("K\u{7}".utf8, .integer(7))
        expect([0x4D, 0xE8, 0x03], .integer(1000))
        expect([0x4A, 0xFF, 0xFF, 0xFF, 0xFF], .integer(-1))
        expect([0x8A, 0], .integer(0))
        expect([0x8A, 2, 0x00, 0x80], .integer(-32768))
        expect([0x8A, 5, 0, 0, 0, 0, 1], .integer(1 << 32))
        expect([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], .opaque)
        expect([0x47, 0x3F, 0xE0, 0, 0, 0, 0, 0, 0], .float(0.5))
        expect([0x58, 2, 0, 0, 0, 0xC3, 0xA9], .string("é"))
        expect("N".utf8, .none)
        expect([0x88], .bool(true))
    }

    @Test(
        "Names that a checkpoint does not need are refused, however they are written",
        arguments: [
            ("cposix\nsystem\n", "posix.system"),
            ("c__builtin__\neval\n", "__builtin__.eval"),
            ("ctorch\nload\n", "torch.load"),
            ("U\u{6}torch.U\u{4}load\u{93}", "torch..load"),
            ("ctorch\nFloatStorage.__class__\n", "torch.FloatStorage.__class__"),
        ])
    func forbiddenNames(program: String, name: String) {
        #expect(throws: PickleError.forbiddenName(name)) { try graph(latin(program)) }
    }

    @Test(
        "Calls that a checkpoint does not make are refused",
        arguments: [
            "ccollections\nOrderedDict\nK\u{1}\u{85}R", "ctorch\nSize\n)R",
            "ctorch\nFloatStorage\n)R", "ctorch\nFloatStorage\n)\u{81}",
            "ctorch._utils\n_rebuild_tensor_v2\n)R", "ctorch._utils\n_rebuild_parameter\n)R",
        ])
    func forbiddenCalls(program: String) {
        let error = #expect(throws: PickleError.self) { try graph(latin(program)) }
        guard case .forbiddenCall = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "A broken program is an error with its place",
        arguments: [
            ("", .emptyStack(offset: 0)),
            ("\u{85}", .emptyStack(offset: 0)),
            ("N(\u{85}", .emptyStack(offset: 2)),
            ("NN(0R", .wrongKind(expected: "something to call", found: "None", offset: 4)),
            ("t", .noMark(offset: 0)),
            ("h\u{7}", .unknownMemo(7, offset: 0)),
            ("NNa", .wrongKind(expected: "a list", found: "None", offset: 2)),
            ("NNNs", .wrongKind(expected: "a dictionary", found: "None", offset: 3)),
            ("}(Nu", .oddItems(offset: 3)),
            ("NNb", .wrongKind(expected: "a dictionary", found: "None", offset: 2)),
            ("NQ", .wrongKind(expected: "a reference to a storage", found: "None", offset: 1)),
            ("i", .unknownOpcode(0x69, offset: 0)),
            ("X\u{FF}\u{FF}\u{FF}\u{FF}", .cutOff(offset: 0)),
            ("\u{8D}" + String(repeating: "\u{FF}", count: 8), .cutOff(offset: 0)),
            ("\u{8B}\u{FF}\u{FF}\u{FF}\u{FF}", .cutOff(offset: 0)),
            ("U\u{1}\u{FF}", .badText(offset: 0)),
            ("cposix", .cutOff(offset: 0)),
            ("\u{80}\u{6}", .unknownProtocol(6)),
            ("N.N", .trailingBytes(count: 2)),
        ] as [(String, PickleError)])
    func brokenPrograms(program: String, expected: PickleError) {
        #expect(throws: expected) { try graph(latin(program)) }
    }

    @Test("A pickle without a stop is cut off")
    func noStop() {
        #expect(throws: PickleError.cutOff(offset: 1)) {
            try PickleInterpreter.graph(of: Data("N".utf8))
        }
    }

    @Test("Millions of nested tuples, and a list that holds itself, exhaust nothing")
    func nesting() throws {
        let nested = try graph(bytes("N".utf8, repeatElement(0x85, count: 2_000_000)))
        #expect(nested.root.kind == "a tuple")
        #expect(try graph(latin("]q\u{0}h\u{0}a")).root.kind == "a list")
    }

    @Test("A pickle beyond the limit is not even looked at")
    func size() {
        let limit = 4 << 20
        #expect(throws: PickleError.tooLarge(byteCount: limit + 1, limit: limit)) {
            try PickleInterpreter.graph(of: Data(count: limit + 1))
        }
    }

    private func expect(
        _ program: some Sequence<UInt8>, _ expected: PickleValue,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: Never.self, sourceLocation: location) {
            let root = try graph(bytes(Array(program))).root
            #expect(root == expected, sourceLocation: location)
        }
    }

    private func graph(_ program: Data) throws -> PickleGraph {
        try PickleInterpreter.graph(of: program + Data(".".utf8))
    }

    /// One byte for each scalar.
    private func latin(_ text: String) -> Data {
        Data(text.unicodeScalars.map { UInt8($0.value) })
    }
}

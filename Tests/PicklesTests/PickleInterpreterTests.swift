import Foundation
import Pickles
import TensorFilesTestSupport
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
        expect([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], .longInteger)
        expect([0x47, 0x3F, 0xE0, 0, 0, 0, 0, 0, 0], .float(0.5))
        expect([0x58, 2, 0, 0, 0, 0xC3, 0xA9], .string("é"))
        expect("N".utf8, .none)
        expect([0x88], .bool(true))
    }

    @Test("The textual forms of protocol 0 have the values that Python's pickle gives them")
    func lines() throws {
        // pickle.dumps of each value, protocol 0; the strings as Python 2 wrote them.
        expect("I7\n".utf8, .integer(7))
        expect("I01\n".utf8, .bool(true))
        expect("I00\n".utf8, .bool(false))
        expect("L-5L\n".utf8, .integer(-5))
        expect("L1208925819614629174706176L\n".utf8, .longInteger)
        expect("F0.5\n".utf8, .float(0.5))
        expect("V\\u20ac\\U0001f600a\n".utf8, .string("€😀a"))
        expect(Array("V".utf8) + [0xE9, 0x0A], .string("é"))
        expect(#"S'it\'s\x0a\n'"#.utf8 + [0x0A], .string("it's\n\n"))
        expect(#"S'\xff'"#.utf8 + [0x0A], .bytes(Data([0xFF])))
        expect("K\u{7}p12\n0g12\n".utf8, .integer(7))
    }

    @Test(
        "A call that weights do not need gives an object that errors name, and nothing is executed",
        arguments: [
            ("cposix\nsystem\nU\u{2}id\u{85}R", "posix.system"),
            ("c__builtin__\neval\n)R", "__builtin__.eval"),
            ("U\u{6}torch.U\u{4}load\u{93})R", "torch..load"),
            ("cargparse\nNamespace\n)\u{81}}b", "argparse.Namespace"),
            ("(cargparse\nNamespace\no", "argparse.Namespace"),
            ("(iargparse\nNamespace\n", "argparse.Namespace"),
            ("cargparse\nNamespace\n)}\u{92}", "argparse.Namespace"),
            ("ccopyreg\n_reconstructor\n(ca\nB\nc__builtin__\nobject\nNtR", "a.B"),
            ("ccollections\nOrderedDict\nK\u{1}\u{85}\u{85}R", "collections.OrderedDict"),
            ("ctorch\nSize\n)R", "torch.Size"), ("ctorch\nFloatStorage\n)R", "torch.FloatStorage"),
            ("ctorch._utils\n_rebuild_tensor_v2\n)R", "torch._utils._rebuild_tensor_v2"),
            ("ctorch._utils\n_rebuild_parameter\n)R", "torch._utils._rebuild_parameter"),
            ("\u{82}\u{7})R", "copyreg extension 7"),
            ("\u{8F}(K\u{1}\u{90}", "builtins.set"), ("(K\u{1}\u{91}", "builtins.frozenset"),
        ])
    func objects(program: String, name: String) throws {
        let graph = try graph(latin(program))
        #expect(graph.kind(of: graph.root) == "an object of the class \(name)")
    }

    @Test("An ordered dictionary of Python 2, which takes its pairs as an argument, has them")
    func orderedPairs() throws {
        let graph = try graph(
            latin("ccollections\nOrderedDict\n(lp0\n(lp1\nU\u{1}aaK\u{7}aa\u{85}R"))
        #expect(graph.value(of: graph.root, under: "a") == .integer(7))
    }

    @Test(
        "A broken program is an error with its place",
        arguments: [
            ("", .emptyStack(offset: 0)),
            ("\u{85}", .emptyStack(offset: 0)),
            ("N(\u{85}", .emptyStack(offset: 2)),
            ("NN(0R", .wrongKind(expected: "a tuple of arguments", found: "None", offset: 4)),
            ("N)R", .wrongKind(expected: "something to call", found: "None", offset: 2)),
            ("t", .noMark(offset: 0)),
            ("h\u{7}", .unknownMemo(7, offset: 0)),
            ("NNa", .wrongKind(expected: "a list", found: "None", offset: 2)),
            ("NNNs", .wrongKind(expected: "a dictionary", found: "None", offset: 3)),
            ("}(Nu", .oddItems(offset: 3)),
            ("NNb", .wrongKind(expected: "an object", found: "None", offset: 2)),
            ("N(K\u{1}\u{90}", .wrongKind(expected: "a set", found: "None", offset: 4)),
            (
                "Pnonsense\n",
                .wrongKind(expected: "a reference to a storage", found: "'nonsense'", offset: 0)
            ),
            ("I\n", .badText(offset: 0)), ("Ione\n", .badText(offset: 0)),
            ("Fx\n", .badText(offset: 0)),
            ("S'a\n", .badText(offset: 0)), ("V\\u12\n", .badText(offset: 0)),
            ("V\\ud800\n", .badText(offset: 0)), ("S'\\x1'\n", .badText(offset: 0)),
            ("(o", .emptyStack(offset: 1)), ("g7\n", .unknownMemo(7, offset: 0)),
            ("\u{97}", .outsideBuffer(offset: 0)),
            ("NQ", .wrongKind(expected: "a reference to a storage", found: "None", offset: 1)),
            ("\u{7F}", .unknownOpcode(0x7F, offset: 0)),
            ("X\u{FF}\u{FF}\u{FF}\u{FF}", .cutOff(offset: 0)),
            ("\u{8D}" + String(repeating: "\u{FF}", count: 8), .cutOff(offset: 0)),
            ("\u{8B}\u{FF}\u{FF}\u{FF}\u{FF}", .cutOff(offset: 0)),
            ("X\u{1}\u{0}\u{0}\u{0}\u{FF}", .badText(offset: 0)),
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
        #expect(nested.kind(of: nested.root) == "a tuple")
        let own = try graph(latin("]q\u{0}h\u{0}a"))
        #expect(own.kind(of: own.root) == "a list")
    }

    @Test("A pickle of more operations than any checkpoint has is refused, not one of many bytes")
    func size() throws {
        let limit = 4 << 20
        #expect(throws: PickleError.tooManyOperations(limit: limit)) {
            try PickleInterpreter.graph(of: Data(repeating: UInt8(ascii: "N"), count: limit + 1))
        }
        let long = bytes(
            [0x42], UInt32(5 << 20).littleEndianBytes, repeatElement(7, count: 5 << 20))
        #expect(try graph(long).root == .bytes(Data(repeating: 7, count: 5 << 20)))
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

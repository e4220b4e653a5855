import Basics
import Foundation
import TensorFiles
import TensorFilesTestSupport
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
    @Test(
        "Encoding gives the bytes that the reference implementation wrote, whatever the order",
        arguments: ["every_dtype.safetensors", "views.safetensors", "wrapped.safetensors"])
    func encodesAsReference(name: String) throws {
        let contents = try Fixture(name).contents()
        let file = try Safetensors.decode(contents)
        #expect(file.metadata == ["made by": "reference"])
        let encoded = try Safetensors.encode(
            entries: file.entries.reversed(), metadata: file.metadata)
        #expect(encoded == contents)
    }

    @Test("Names and metadata with any characters survive encoding and decoding")
    func escapes() throws {
        let odd = "\u{0}\u{1F}\u{8}\u{C}\n\r\t\"\\/é\u{1F600}\u{2028}"
        let entry = TensorEntry(name: odd, elementType: .int8, shape: [], bytes: Data([7]))
        let encoded = try Safetensors.encode(entries: [entry], metadata: ["a": odd, odd: "b"])
        let decoded = try Safetensors.decode(encoded)
        #expect(decoded == WeightFile(entries: [entry], metadata: ["a": odd, odd: "b"]))
    }

    @Test("Escapes of JSON that no encoder needs are understood")
    func foreignEscapes() throws {
        let contents = file(#" { "__metadata__" : {"\u00e9\/" : "\ud83d\ude00"} } "#)
        #expect(try Safetensors.decode(contents).metadata == ["é/": "\u{1F600}"])
    }

    @Test("A slice of a larger buffer decodes like the buffer it equals")
    func slice() throws {
        let contents = try Fixture("views.safetensors").contents()
        let padded = Data([1, 2, 3]) + contents
        #expect(try Safetensors.decode(padded.dropFirst(3)) == Safetensors.decode(contents))
    }

    @Test(
        "A header that is not the JSON the format asks for is refused",
        arguments: [
            "", "{", "{}{}", "[]", "{\"a\"}", "{\"a\":1}", "{\"__metadata__\":{},}",
            "{\"a\":{\"dtype\":1}}",
            "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"\\x\"}}",
            "{\"__metadata__\":{\"a\":\"\\ud83d\"}}", "{\"__metadata__\":{\"a\":\"\\u12\"}}",
            "{\"__metadata__\":{\"a\":\"\\u+123\"}}", "{\"__metadata__\":{\"a\":\"\n\"}}",
            #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#,
            #"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#,
            #"{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#,
            #"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}}"#,
        ])
    func badHeaders(header: String) {
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors.decode(file(header, data: [0]))
        }
        guard case .headerSyntax = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Objects and arrays nested in millions exhaust nothing", arguments: ["{\"a\":", "["])
    func nesting(opening: String) {
        #expect(throws: SafetensorsError.self) {
            try Safetensors.decode(file(String(repeating: opening, count: 2_000_000)))
        }
    }

    @Test(
        "A header that breaks a rule of the format is refused with that rule",
        arguments: [
            ([("a", 0, 4), ("a", 4, 8)], .duplicateName("a")),
            ([("a", 0, 4), ("b", 2, 6)], .misplaced(entry: "b", begin: 2, expected: 4)),
            ([("a", 0, 4), ("b", 0, 4)], .misplaced(entry: "b", begin: 0, expected: 4)),
            ([("b", 4, 8)], .misplaced(entry: "b", begin: 4, expected: 0)),
            ([("a", 4, 0)], .backwardOffsets(entry: "a", begin: 4, end: 0)),
            ([("a", 0, 4)], .trailingBytes(count: 4)),
            ([("a", 0, 12)], .dataBeyondFile(entry: "a", end: 12, available: 8)),
            ([("a", 0, .max)], .dataBeyondFile(entry: "a", end: .max, available: 8)),
            ([("a", 0, 8)], .byteCount(entry: "a", shape: [1], expected: 4, found: 8)),
        ] as [([(name: String, begin: Int, end: Int)], SafetensorsError)])
    func brokenOffsets(
        tensors: [(name: String, begin: Int, end: Int)], expected: SafetensorsError
    ) {
        let members = tensors.map { name, begin, end in
            #""\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[\#(begin),\#(end)]}"#
        }
        #expect(throws: expected) {
            try Safetensors.decode(
                file("{\(members.joined(separator: ","))}", data: Array(repeating: 0, count: 8)))
        }
    }

    @Test("Fields of later versions, spaces and tensors of other types are passed over")
    func foreignParts() throws {
        let read = try Safetensors.decode(
            file(
                #"""
                 {"a":{"dtype":"U8","shape":[1],"data_offsets":[4,5],"x":[{"y":"]"},-1.5e3,null]},
                 "b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},
                 "c":{"dtype":"F4","shape":[2,2],"data_offsets":[2,4]}}
                """#, data: [1, 2, 3, 4, 5]))
        #expect(read.entries.map(\.name) == ["a"])
        #expect(read.entries.first.map { Array($0.bytes) } == [5])
        #expect(
            read.others == ["b": "a tensor of the type F8_E4M3", "c": "a tensor of the type F4"])
    }

    @Test(
        "A tensor's description that breaks a rule is refused with that rule",
        arguments: [
            (
                #""dtype":"F8","shape":[1],"data_offsets":[0,1]"#,
                .unknownElementType(entry: "a", code: "F8")
            ),
            (
                #""dtype":"U8","shape":[\#(String(repeating: "1,", count: 64))1],"#
                    + #""data_offsets":[0,1]"#,
                .dimensionCount(entry: "a", found: 65)
            ),
            (
                #""dtype":"U8","shape":[1],"data_offsets":[0]"#,
                .offsetCount(entry: "a", found: 1)
            ),
            (
                #""dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]"#,
                .duplicateField(entry: "a", field: "dtype")
            ),
            (
                #""dtype":"F8_E4M3","shape":[2],"data_offsets":[0,1]"#,
                .byteCount(entry: "a", shape: [2], expected: 2, found: 1)
            ),
            (
                #""dtype":"F4","shape":[1],"data_offsets":[0,1]"#,
                .byteCount(entry: "a", shape: [1], expected: 1, found: 1)
            ),
            (#""dtype":"U8","data_offsets":[0,1]"#, .missingField(entry: "a", field: "shape")),
            (
                #""dtype":"I64","shape":[4294967296,4294967296],"data_offsets":[0,1]"#,
                .shapeOverflow(entry: "a", shape: [1 << 32, 1 << 32])
            ),
        ] as [(String, SafetensorsError)])
    func brokenDescriptions(fields: String, expected: SafetensorsError) {
        #expect(throws: expected) { try Safetensors.decode(file("{\"a\":{\(fields)}}", data: [0])) }
    }

    @Test("A file that is shorter than its header's length field is refused")
    func tooShort() {
        #expect(throws: SafetensorsError.tooShort(count: 7)) {
            try Safetensors.decode(Data(count: 7))
        }
    }

    @Test("A header that claims more bytes than the file has is refused")
    func headerBeyondFile() {
        #expect(throws: SafetensorsError.headerBeyondFile(claimed: 3, available: 2)) {
            try Safetensors.decode(bytes(UInt64(3).littleEndianBytes, "{}".utf8))
        }
    }

    @Test(
        "A header beyond 100 MB is refused, also beyond 63 bits",
        arguments: [100_000_001, UInt64(Int.max), UInt64(Int.max) + 1, .max])
    func headerTooLong(claimed: UInt64) {
        #expect(throws: SafetensorsError.headerTooLong(claimed: claimed, limit: 100_000_000)) {
            try Safetensors.decode(bytes(claimed.littleEndianBytes, "{}".utf8))
        }
    }

    @Test(
        "Tensors that no file could hold are not encoded",
        arguments: [
            ([("a", 1), ("a", 1)], .duplicateName("a")),
            ([("__metadata__", 1)], .reservedName("__metadata__")),
            ([("a", 2)], .byteCount(entry: "a", shape: [1], expected: 1, found: 2)),
        ] as [([(name: String, byteCount: Int)], SafetensorsError)])
    func refusesToEncode(
        tensors: [(name: String, byteCount: Int)], expected: SafetensorsError
    ) {
        let entries = tensors.map { name, byteCount in
            TensorEntry(name: name, elementType: .uint8, shape: [1], bytes: Data(count: byteCount))
        }
        #expect(throws: expected) { try Safetensors.encode(entries: entries) }
    }

    private func file(_ header: String, data: [UInt8] = []) -> Data {
        bytes(UInt64(header.utf8.count).littleEndianBytes, header.utf8, data)
    }
}

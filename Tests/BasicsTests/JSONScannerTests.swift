import Foundation
import Testing

@testable import Basics

@Suite("JSON")
struct JSONScannerTests {
    /// Reads a text.
    private func read<Value>(
        _ text: String, _ body: (inout JSONScanner) throws -> Value
    ) throws -> Value {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            let value = try body(&scanner)
            try scanner.end()
            return value
        }
    }

    @Test("Numbers are the nearest ones, as the C library reads them")
    func nearest() throws {
        var random = CounterRandom(19)
        var texts = [
            "0", "-0.0", "1e22", "1e23", "-1E-5", "0.1", "123456789012345678901234567890", "5e-324",
            "9007199254740993", "9007199254740992.5", "1.7976931348623157e308", "1e400", "1e-400",
            "0.00000000000000000000000000000000001", "1844674407370955161.5", "0.8999999999999999",
            "4.35", "2.2250738585072011e-308", "18446744073709551615", "9999999999999999999e-19",
        ]
        for _ in 0..<200_000 {
            let digits = String(random.next() >> UInt64.random(in: 0...60, using: &random))
            let place = Int.random(in: 1...digits.count, using: &random)
            let fraction = digits.dropFirst(place)
            texts.append(digits.prefix(place) + (fraction.isEmpty ? "" : "." + fraction))
            texts.append("0." + digits)
            texts.append("\(Double.random(in: 0..<1, using: &random))")
            texts.append("\(digits)e\(Int.random(in: -330...300, using: &random))")
        }
        var wrong: [String] = []
        for text in texts {
            let found = try read(text) { try $0.number().value }
            if found.bitPattern != strtod(text, nil).bitPattern { wrong.append(text) }
        }
        #expect(wrong.isEmpty, "\(wrong.firstFew)")
    }

    @Test("Integers stay integers as far as an Int holds them")
    func integers() throws {
        let known: [(String, JSONNumber)] = [
            ("0", .whole(0)), ("-0", .whole(0)), ("-17", .whole(-17)), ("17.0", .fraction(17)),
            ("9223372036854775807", .whole(.max)), ("-9223372036854775808", .whole(.min)),
            ("9223372036854775808", .fraction(0x1p63)), ("1e2", .fraction(100)),
            ("-9223372036854775809", .fraction(-0x1p63)), ("Infinity", .fraction(.infinity)),
            ("-Infinity", .fraction(-.infinity)),
        ]
        for (text, number) in known { #expect(try read(text) { try $0.number() } == number) }
        #expect(try read("NaN") { try $0.number() }.value.isNaN)
        #expect(try read("100.0") { try $0.number() }.integer == 100)
        #expect(try read("100.5") { try $0.number() }.integer == nil)
        #expect(try read("1e19") { try $0.number() }.integer == nil)
    }

    @Test(
        "What is no number of JSON is refused",
        arguments: ["", "-", "+1", "01", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1,", "--1", "-I"])
    func noNumbers(text: String) {
        #expect(throws: JSONError.self) { try read(text) { try $0.number() } }
        #expect(throws: JSONError.self) { try read(text) { try $0.skipValue() } }
    }

    @Test("Keys are known by their texts, however they are written")
    func keys() throws {
        let keys = ["id", "category_id", "segmentation", "sixteen_letters_", ""]
        for key in keys {
            let escaped = key.utf16.map { String(format: "\\u%04x", $0) }.joined()
            for text in ["{\"\(key)\":1}", " { \"\(escaped)\" : 1 } "] {
                try read(text) { scanner in
                    try scanner.enterObject()
                    let found = try #require(try scanner.nextKey())
                    for other in keys { #expect((found == JSONKey(other)) == (key == other)) }
                    #expect(try scanner.number() == .whole(1))
                    #expect(try scanner.nextKey() == nil)
                }
            }
        }
    }

    @Test("Strings have the texts that Foundation reads")
    func strings() throws {
        let texts = [
            "", "a", "é\u{1F600}", "\\", "\"", "a\\\"b\\\\", "\u{0}\u{1F}\u{8}\u{C}\n\r\t/\u{2028}",
        ]
        for text in texts {
            let data = try JSONEncoder().encode([text])
            let found = try read(String(decoding: data, as: UTF8.self)) { scanner in
                try scanner.enterArray()
                #expect(try scanner.nextElement())
                var copy = scanner
                var bytes: [UInt8] = [1]
                try copy.appendString(to: &bytes)
                #expect(bytes == [1] + Array(text.utf8))
                let string = try scanner.string()
                #expect(try scanner.nextElement() == false)
                return string
            }
            #expect(found == text)
        }
        let escapes = #""\u00e9\/\ud83d\ude00""#
        #expect(try read(escapes) { try $0.string() } == "é/\u{1F600}")
    }

    @Test("Any value is skipped, and what comes after it is read")
    func skipping() throws {
        for value in [
            "1", "-1.5e+3", "\"]\\\"\"", "true", "false", "null", "NaN", "[]", "{}", "[[],[{}]]",
            #"{"a":[1,{"b":"}"},null],"c":{}}"#, "[ 1 , 2 ]", "{ \"a\" : 1 }",
        ] {
            let next = try read("[\(value),7]") { scanner in
                try scanner.enterArray()
                #expect(try scanner.nextElement())
                try scanner.skipValue()
                #expect(try scanner.nextElement())
                let number = try scanner.number()
                #expect(try scanner.nextElement() == false)
                return number
            }
            #expect(next == .whole(7), "\(value)")
        }
    }

    @Test(
        "What is no JSON is not skipped",
        arguments: [
            "", "[", "{", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
            "{1:2}", "[}", "{]", "[1}", "{\"a\":1]", "nul", "truE", "]", ",", "\"a", "\"a\n\"",
            "\"\\", "[[1]", "[1]]", "{\"a\":1 \"b\":2}", "N", "1 2",
        ])
    func notSkipped(text: String) {
        #expect(throws: JSONError.self) { try read(text) { try $0.skipValue() } }
    }

    @Test("Arrays and objects nested in millions exhaust nothing", arguments: ["[", "{\"a\":"])
    func nesting(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        let count = 1_000_000
        let start = String(repeating: opening, count: count)
        #expect(throws: JSONError.self) { try read(start) { try $0.skipValue() } }
        let inner = start + "1" + String(repeating: closing, count: count)
        try read(inner) { try $0.skipValue() }
    }

    @Test("An error names the place, what was expected and what was found")
    func places() throws {
        let known: [(String, JSONError)] = [
            ("[1, x]", JSONError(offset: 4, expected: "a number", found: "'x'")),
            ("[1, \"2\"]", JSONError(offset: 4, expected: "a number", found: "a string")),
            ("[1, [2]]", JSONError(offset: 4, expected: "a number", found: "an array")),
            ("[1 2]", JSONError(offset: 3, expected: "',' or ']'", found: "a number")),
            ("  {}", JSONError(offset: 2, expected: "an array", found: "an object")),
            (
                "[1,",
                JSONError(
                    offset: 3, expected: "a number", found: "the end of the file", isAtEnd: true)
            ),
            ("[1] 2", JSONError(offset: 4, expected: "nothing more", found: "a number")),
        ]
        for (text, error) in known {
            #expect(throws: error) {
                try read(text) { scanner in
                    try scanner.enterArray()
                    while try scanner.nextElement() { _ = try scanner.number() }
                }
            }
        }
    }
}

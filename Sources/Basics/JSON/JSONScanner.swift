/// Reads JSON value by value, in the order of the bytes, and builds nothing.
///
/// The reader says what it expects, and gets it or an error with the place:
///
///     try scanner.enterObject()
///     while let key = try scanner.nextKey() {
///         switch key {
///         case keys.score: score = try scanner.number().value
///         default: try scanner.skipValue()
///         }
///     }
///     try scanner.end()
///
/// After each key the value has to be read or skipped. The order of keys and equal keys are the reader's business.
/// Nothing here calls itself, so no nesting can exhaust the call stack. Beyond the standard, `NaN`, `Infinity` and `-Infinity`
/// are numbers, as Python writes and reads them.
///
/// The bytes have to stay where they are for as long as the scanner is used.
package struct JSONScanner {
    /// The bytes.
    package let bytes: UnsafeBufferPointer<UInt8>

    /// How many bytes are read.
    package internal(set) var offset = 0

    /// Whether an object or array was just entered, so that no comma precedes what comes next.
    private var isFirst = false

    /// The brackets around what is skipped, kept for its memory.
    var brackets: [UInt8] = []

    /// Starts at the first byte.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next byte; 0 at the end, which no JSON has outside of strings.
    var peek: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// The first byte of the next value, without reading it.
    package mutating func peekValue() -> Unicode.Scalar {
        skipSpaces()
        return Unicode.Scalar(peek)
    }

    /// Goes into an object.
    package mutating func enterObject(
        _ expected: @autoclosure () -> String = "an object"
    ) throws(JSONError) {
        try enter("{", expected)
    }

    /// Goes into an array.
    package mutating func enterArray(
        _ expected: @autoclosure () -> String = "an array"
    ) throws(JSONError) {
        try enter("[", expected)
    }

    private mutating func enter(
        _ bracket: Unicode.Scalar, _ expected: () -> String
    ) throws(JSONError) {
        guard skip(bracket) else { throw unexpected(expected()) }
        isFirst = true
    }

    /// Goes to the value of the object's next member; nil behind the last one.
    package mutating func nextKey() throws(JSONError) -> JSONKey? {
        guard try next(before: "}") else { return nil }
        let range = try rawString(as: "a key")
        let key = range.isEscaped ? JSONKey(try text(of: range)) : JSONKey(bytes[range.bytes])
        try expect(":")
        return key
    }

    /// Goes to the value of the object's next member and gives its name; nil behind the last one.
    package mutating func nextName() throws(JSONError) -> String? {
        guard try next(before: "}") else { return nil }
        let name = try text(of: try rawString(as: "a key"))
        try expect(":")
        return name
    }

    /// Goes to the array's next value; false behind the last one.
    package mutating func nextElement() throws(JSONError) -> Bool { try next(before: "]") }

    /// Goes to what follows in an object or array; false behind its bracket.
    private mutating func next(before bracket: Unicode.Scalar) throws(JSONError) -> Bool {
        defer { isFirst = false }
        if skip(bracket) { return false }
        if !isFirst, !skip(",") { throw unexpected("',' or '\(bracket)'") }
        return true
    }

    /// Reads `true` or `false`.
    package mutating func boolean() throws(JSONError) -> Bool {
        if skip(word: "true") { return true }
        if skip(word: "false") { return false }
        throw unexpected("true or false")
    }

    /// Reads `null` where it is one.
    package mutating func skipNull() -> Bool {
        skipSpaces()
        return skip(word: "null")
    }

    /// Checks that nothing but spaces is left.
    package mutating func end(
        _ expected: @autoclosure () -> String = "nothing more"
    ) throws(JSONError) {
        skipSpaces()
        guard offset == bytes.count else { throw unexpected(expected()) }
    }

    mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
        guard skip(character) else { throw unexpected("'\(character)'") }
    }

    @inline(__always) mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard UInt32(peek) == character.value else { return false }
        offset += 1
        return true
    }

    mutating func skip(word: StaticString) -> Bool {
        skipSpaces()
        let end = offset + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[offset..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { return false }
        offset = end
        return true
    }

    @inline(__always) mutating func skipSpaces() {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                return
            }
            offset += 1
        }
    }

    /// What is wrong at the next byte that is no space.
    package func unexpected(_ expected: String) -> JSONError {
        var scanner = self
        scanner.skipSpaces()
        return scanner.unexpected(expected, at: scanner.offset)
    }

    /// What is wrong at a place.
    package func unexpected(_ expected: String, at offset: Int) -> JSONError {
        JSONError(
            offset: offset, expected: expected, found: found(at: offset),
            isAtEnd: offset >= bytes.count)
    }

    private func found(at offset: Int) -> String {
        guard offset < bytes.count else { return "the end of the file" }
        for word in ["null", "true", "false", "NaN", "Infinity"]
        where bytes[offset...].starts(with: word.utf8) {
            return word
        }
        return switch Unicode.Scalar(bytes[offset]) {
        case "{": "an object"
        case "[": "an array"
        case "\"": "a string"
        case "0"..."9", "-": "a number"
        case let character where character.isASCII: String(character).quoted
        default: "a character that is not ASCII"
        }
    }
}

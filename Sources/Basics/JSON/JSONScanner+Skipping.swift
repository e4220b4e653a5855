extension JSONScanner {
    /// Skips a value of any kind, however deep, and checks that it is JSON.
    package mutating func skipValue() throws(JSONError) {
        brackets.removeAll(keepingCapacity: true)
        repeat {
            // A value stands here.
            switch peekValue() {
            case "{":
                offset += 1
                if !skip("}") {
                    brackets.append(UInt8(ascii: "}"))
                    try skipKey()
                    continue
                }
            case "[":
                offset += 1
                if !skip("]") {
                    brackets.append(UInt8(ascii: "]"))
                    continue
                }
            default: try skipScalar()
            }
            try skipToNextValue()
        } while !brackets.isEmpty
    }

    /// Behind a value: closes what ends there, up to the comma before the next value.
    private mutating func skipToNextValue() throws(JSONError) {
        while let bracket = brackets.last {
            skipSpaces()
            if peek == UInt8(ascii: ",") {
                offset += 1
                if bracket == UInt8(ascii: "}") { try skipKey() }
                return
            }
            guard peek == bracket else {
                throw unexpected("',' or '\(Unicode.Scalar(bracket))'")
            }
            offset += 1
            brackets.removeLast()
        }
    }

    private mutating func skipKey() throws(JSONError) {
        _ = try rawString(as: "a key")
        try expect(":")
    }

    /// Skips a string, a number or one of the words.
    private mutating func skipScalar() throws(JSONError) {
        switch Unicode.Scalar(peek) {
        case "\"": _ = try rawString(as: "a string")
        case "t", "f": _ = try boolean()
        case "n": guard skip(word: "null") else { throw unexpected("a value") }
        default:
            let start = offset
            guard skipNumber() == nil else { return }
            guard start == offset, specialNumber() != nil else {
                throw unexpected("a value", at: offset)
            }
        }
    }
}

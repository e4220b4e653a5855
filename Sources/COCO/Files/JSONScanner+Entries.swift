import Basics

extension JSONScanner {
    /// Reads an id: a number or a string.
    mutating func identifier(_ key: StaticString) throws(JSONError) -> COCOIdentifier {
        func expected() -> String { "a number below 2⁶³ or a string as '\(key)'" }
        let first = peekValue()
        if first == "\"" { return .text(try string()) }
        if first == "t" || first == "f" { return .whole(try boolean() ? 1 : 0) }
        let start = offset
        switch try number(expected()) {
        case .whole(let number): return .whole(number)
        case .fraction(let number) where abs(number) < 0x1p63: return COCOIdentifier(number)
        case .fraction: throw unexpected(expected(), at: start)
        }
    }

    /// Reads a length in pixels, which may be written as 100.0.
    mutating func wholeNumber(_ key: StaticString) throws(JSONError) -> Int {
        _ = peekValue()
        let start = offset
        let number = try number("a whole number as '\(key)'")
        guard let integer = number.integer else {
            throw unexpected("a whole number as '\(key)'", at: start)
        }
        return integer
    }

    /// Reads whether an object is a crowd region: 0 or another number, or false or true.
    mutating func crowdMark() throws(JSONError) -> Bool {
        let expected = "0 or 1 as 'iscrowd'"
        let first = peekValue()
        if first == "t" || first == "f" { return try boolean() }
        let start = offset
        guard let number = try number(expected).integer, (0...255).contains(number) else {
            throw unexpected(expected, at: start)
        }
        return number != 0
    }

    /// Reads a box of x, y, width and height.
    mutating func box() throws(JSONError) -> COCOBox {
        guard let box = try boxOrNothing() else {
            throw JSONError(
                offset: offset, expected: "four numbers as 'bbox'", found: "an empty list")
        }
        return box
    }

    /// Reads a box, or an empty list in place of one.
    mutating func boxOrNothing() throws(JSONError) -> COCOBox? {
        func expected() -> String { "four numbers as 'bbox'" }
        try enterArray(expected())
        guard try nextElement() else { return nil }
        let x = try number(expected()).value
        guard try nextElement() else { throw unexpected(expected(), at: offset - 1) }
        let y = try number(expected()).value
        guard try nextElement() else { throw unexpected(expected(), at: offset - 1) }
        let width = try number(expected()).value
        guard try nextElement() else { throw unexpected(expected(), at: offset - 1) }
        let height = try number(expected()).value
        guard try !nextElement() else { throw unexpected(expected()) }
        return COCOBox(x: x, y: y, width: width, height: height)
    }

    /// Reads polygons or run lengths.
    mutating func segmentation() throws(JSONError) -> COCOSegmentation {
        guard peekValue() == "[" else { return try runs() }
        var polygons: [[Double]] = []
        try enterArray()
        while try nextElement() { polygons.append(try polygon()) }
        return .polygons(polygons)
    }

    private mutating func polygon() throws(JSONError) -> [Double] {
        var numbers: [Double] = []
        try enterArray("a polygon, which is a list of numbers,")
        while try nextElement() { numbers.append(try number("a number of a polygon").value) }
        return numbers
    }

    /// Reads run lengths: plain ones or a packed text, and the size.
    private mutating func runs() throws(JSONError) -> COCOSegmentation {
        var size: (height: Int, width: Int)?
        var counts: [Int]?
        var packed: [UInt8]?
        let start = offset
        try enterObject("polygons or run lengths as 'segmentation'")
        while let key = try nextName() {
            switch key {
            case "size": size = try maskSize()
            case "counts" where peekValue() == "[":
                packed = nil
                var numbers: [Int] = []
                try enterArray()
                while try nextElement() { numbers.append(try wholeNumber("counts")) }
                counts = numbers
            case "counts":
                counts = nil
                var bytes: [UInt8] = []
                try appendString(to: &bytes, "a list or a string as 'counts'")
                packed = bytes
            default: try skipValue()
            }
        }
        let (height, width) = try required(size, "size", from: start)
        if let packed { return .packed(packed, height: height, width: width) }
        return .counts(
            try required(counts, "counts", from: start), height: height, width: width)
    }

    private mutating func maskSize() throws(JSONError) -> (height: Int, width: Int) {
        try enterArray("a height and a width as 'size'")
        guard try nextElement() else { throw unexpected("a height", at: offset - 1) }
        let height = try wholeNumber("size")
        guard try nextElement() else { throw unexpected("a width", at: offset - 1) }
        let width = try wholeNumber("size")
        guard try !nextElement() else { throw unexpected("']'") }
        return (height, width)
    }

    /// What was read, or the error that the entry which begins at a place lacks it.
    func required<Value>(
        _ value: Value?, _ key: StaticString, from start: Int
    ) throws(JSONError) -> Value {
        guard let value else {
            throw JSONError(offset: start, expected: "the key '\(key)'", found: "no such key")
        }
        return value
    }
}

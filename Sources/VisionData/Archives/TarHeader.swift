/// The 512-byte header before each member of a tar archive.
///
/// Reference: POSIX.1-2017, *pax*, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".
struct TarHeader {
    static let byteCount = 512

    /// Why 512 bytes are not a header.
    struct Invalid: Error {
        let reason: String
    }

    let path: String
    let size: Int
    let kind: UInt8

    /// Decodes a header; nil stands for the block of zeros that ends an archive.
    init?(_ block: UnsafeRawBufferPointer) throws(Invalid) {
        guard block.contains(where: { $0 != 0 }) else { return nil }
        let checksum = try Self.number(block[148..<156], "checksum")
        // The checksum is defined over the header with spaces in the checksum's own place.
        let sum = block.indices.reduce(0) {
            $0 + (148..<156 ~= $1 ? Int(UInt8(ascii: " ")) : Int(block[$1]))
        }
        guard sum == checksum else {
            throw Invalid(reason: "the checksum \(checksum) where the bytes add up to \(sum)")
        }
        size = try Self.number(block[124..<136], "size")
        let name = Self.text(block[0..<100])
        // GNU tar's own format, "ustar" and two spaces, keeps other things in the prefix's place.
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? Self.text(block[345..<500]) : ""
        path = prefix.isEmpty ? name : prefix + "/" + name
        // Archives from before POSIX mark a folder by the slash at its end.
        let isOldFolder = block[156] == 0 && path.hasSuffix("/")
        kind = isOldFolder ? UInt8(ascii: "5") : block[156]
    }

    private static func text(_ field: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Decodes a number in octal digits or, with the first bit set, in GNU's base 256.
    private static func number(
        _ field: Slice<UnsafeRawBufferPointer>, _ name: String
    ) throws(Invalid) -> Int {
        var digits = field[...]
        if let first = field.first, first & 0x80 != 0 {
            digits.removeFirst()
            return try accumulate(digits.map(Int.init), from: Int(first & 0x7F), base: 256, name)
        }
        let isPadding: (UInt8) -> Bool = { $0 == 0 || $0 == UInt8(ascii: " ") }
        let octal = digits.drop(while: isPadding).prefix { !isPadding($0) }
        return try accumulate(
            octal.map { Int($0) - Int(UInt8(ascii: "0")) }, from: 0, base: 8, name)
    }

    private static func accumulate(
        _ digits: [Int], from start: Int, base: Int, _ name: String
    ) throws(Invalid) -> Int {
        var value = start
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard 0..<base ~= digit, !overflow, !carry else {
                throw Invalid(reason: "a \(name) that is no number of bytes below 2^63")
            }
            value = sum
        }
        return value
    }
}

extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits, as digests are written.
    package var hexadecimal: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }
}

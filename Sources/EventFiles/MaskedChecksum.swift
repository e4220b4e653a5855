import Foundation

/// The checksum of TFRecord: CRC-32C (Castagnoli), turned and moved by a constant.
enum MaskedChecksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        // The polynomial 0x1EDC6F41 with its bits in reverse.
        (0..<8).reduce(UInt32(byte)) { rest, _ in
            rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1
        }
    }

    /// CRC-32C of bytes (RFC 3720, appendix B.4).
    static func crc32c(_ bytes: Data) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { rest, byte in
            rest >> 8 ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)]
        }
    }

    /// The masked checksum of bytes.
    static func of(_ bytes: Data) -> UInt32 {
        let checksum = crc32c(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}

import Foundation
import ImageFiles

extension ImageDecoder {
    /// All pixels of a file.
    func decode(_ bytes: Data) throws -> Picture {
        try bytes.withUnsafeBytes { try decode($0) }
    }

    /// What evaluation sees, 224 × 224 by default.
    func evaluated(_ bytes: Data, resize: Int = 256, crop: Int = 224) throws -> [UInt8] {
        try filled(crop) { target in
            try bytes.withUnsafeBytes { try centre($0, resize: resize, crop: crop, into: target) }
        }
    }

    /// What training sees.
    func cut(
        _ bytes: Data, _ box: CropBox, to size: Int, isFlipped: Bool = false, isExact: Bool = false
    ) throws -> [UInt8] {
        try filled(size) { target in
            try bytes.withUnsafeBytes {
                try cut($0, box, to: size, isFlipped: isFlipped, isExact: isExact, into: target)
            }
        }
    }

    /// A result of which every byte was wrong before.
    private func filled(
        _ side: Int, by body: (UnsafeMutableBufferPointer<UInt8>) throws -> Void
    ) throws -> [UInt8] {
        var result = [UInt8](repeating: 0xA5, count: 3 * side * side)
        try result.withUnsafeMutableBufferPointer { try body($0) }
        return result
    }
}

import Foundation

/// A batch of CIFAR as Python 2 pickled it for the publisher, opcode by opcode.
package enum PickledBatch {
    /// Writes a batch.
    ///
    /// - Parameters:
    ///   - images: the bytes of each image, 3072 of them.
    ///   - labels: the labels of each kind, such as `fine_labels`.
    /// - Returns: the contents of the file.
    package static func file(
        images: [[UInt8]], labels: [(key: String, values: [UInt8])]
    ) -> Data {
        var pickle = Data([0x80, 2]) + Data("}q\u{1}(".utf8)
        pickle += short("data") + Data("cnumpy.core.multiarray\n_reconstruct\n".utf8)
        pickle += Data("cnumpy\nndarray\nK\0".utf8) + Data([0x85])
        pickle += short("b") + Data([0x87]) + Data("R(K\u{1}".utf8)
        pickle += Data("M".utf8) + two(images.count) + Data("M".utf8) + two(3072) + Data([0x86])
        pickle += Data("cnumpy\ndtype\n".utf8) + short("u1") + Data("K\0K\u{1}".utf8) + Data([0x87])
        pickle += Data("R(K\u{3}".utf8) + short("|") + Data("NNN".utf8)
        pickle += Data("J".utf8) + Data(repeating: 0xFF, count: 4) + Data("J".utf8)
        pickle += Data(repeating: 0xFF, count: 4) + Data("K\0tb".utf8) + Data([0x89])
        pickle += Data("T".utf8) + four(images.count * 3072) + Data(images.joined())
        pickle += Data("tb".utf8)
        for (key, values) in labels {
            pickle += short(key) + Data("](".utf8) + Data(values.flatMap { [0x4B, $0] })
            pickle += Data("e".utf8)
        }
        return pickle + short("batch_label") + short("testing") + Data("u.".utf8)
    }

    private static func short(_ text: String) -> Data {
        Data("U".utf8) + Data([UInt8(text.utf8.count)]) + Data(text.utf8)
    }

    private static func two(_ value: Int) -> Data {
        withUnsafeBytes(of: UInt16(value).littleEndian) { Data($0) }
    }

    private static func four(_ value: Int) -> Data {
        withUnsafeBytes(of: UInt32(value).littleEndian) { Data($0) }
    }
}

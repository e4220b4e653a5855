import Foundation
import TensorFiles

/// A file that `Fixtures/make_fixtures.py` made.
struct Fixture {
    let path: String

    init(_ name: String) {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        path = folder.appending(components: "Fixtures", name).path
    }

    func contents() throws -> Data {
        try Data(contentsOf: URL(filePath: path))
    }

    func read(key: String? = nil) throws -> WeightFile {
        try WeightFile.read(path: path, key: key)
    }
}

extension WeightFile {
    var entriesByName: [String: TensorEntry] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
    }
}

/// Bytes given as a mixture of texts and integers, for files written by hand.
func bytes(_ parts: any Sequence<UInt8>...) -> Data {
    parts.reduce(into: Data()) { data, part in data.append(contentsOf: Array(part)) }
}

extension FixedWidthInteger {
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

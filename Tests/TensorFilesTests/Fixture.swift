import Foundation
import TensorFiles
import TensorFilesTestSupport

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
        try WeightFile.read(path: path, key: WeightsKey(key))
    }
}

extension WeightFile {
    var entriesByName: [String: TensorEntry] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
    }
}

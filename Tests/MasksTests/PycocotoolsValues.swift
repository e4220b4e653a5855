import Foundation

/// What `pycocotools_values.py` wrote.
struct PycocotoolsValues: Decodable {
    struct Polygons: Decodable {
        let height: Int
        let width: Int
        let polygons: [[Double]]
        let packed: String
        let area: Int
        let box: [Int]
    }

    struct Pair: Decodable {
        let height: Int
        let width: Int
        let first: String
        let second: String
        let iou: Double
        let crowd: Double
    }

    let polygons: [Polygons]
    let pairs: [Pair]

    /// Reads the committed values, or those of a file.
    init(_ path: String? = nil) throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/pycocotools.json")
        let file = path.map { URL(fileURLWithPath: $0) } ?? fixture
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }
}

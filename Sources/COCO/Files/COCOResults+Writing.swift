import Foundation

extension COCOResults {
    /// Writes the results as a file of results, from which they are read again as they are.
    ///
    /// - Parameter path: the file, which is replaced.
    /// - Throws: where it cannot be written, or where a number is none that JSON has.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .withoutEscapingSlashes
        try encoder.encode(results.map(WrittenResult.init))
            .write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

/// A result as a file has it.
private struct WrittenResult: Encodable {
    let imageId: COCOIdentifier
    let categoryId: COCOIdentifier
    let bbox: [Double]?
    let score: Double
    let segmentation: Segmentation?

    enum Segmentation: Encodable {
        case polygons([[Double]])
        case runs(size: [Int], counts: [Int])
        case packed(size: [Int], counts: String)

        private enum Key: String, CodingKey { case size, counts }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .polygons(let polygons): try polygons.encode(to: encoder)
            case .runs(let size, let counts):
                var container = encoder.container(keyedBy: Key.self)
                try container.encode(size, forKey: .size)
                try container.encode(counts, forKey: .counts)
            case .packed(let size, let counts):
                var container = encoder.container(keyedBy: Key.self)
                try container.encode(size, forKey: .size)
                try container.encode(counts, forKey: .counts)
            }
        }
    }

    init(_ result: COCOResult) {
        imageId = result.imageID
        categoryId = result.categoryID
        bbox = result.box.map { [$0.x, $0.y, $0.width, $0.height] }
        score = result.score
        segmentation =
            switch result.segmentation {
            case nil: nil
            case .polygons(let polygons)?: .polygons(polygons)
            case .counts(let counts, let height, let width)?:
                .runs(size: [height, width], counts: counts)
            case .packed(let bytes, let height, let width)?:
                .packed(size: [height, width], counts: String(decoding: bytes, as: UTF8.self))
            }
    }
}

extension COCOIdentifier: Encodable {
    /// Writes the number or the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .whole(let number): try container.encode(number)
        case .fraction(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

import Foundation

extension COCOResults {
    /// Writes the results as a file of results, from which they are read again as they are.
    ///
    /// - Parameter path: the file, which is replaced.
    /// - Throws: where it cannot be written, or where a number is none that JSON has.
    public func write(to path: String) throws {
        try encoded().write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The contents of such a file.
    ///
    /// - Throws: where a number is none that JSON has.
    public func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(results.map(WrittenResult.init))
    }
}

/// A result as a file has it.
private struct WrittenResult: Encodable {
    let imageId: COCOIdentifier
    let categoryId: COCOIdentifier
    let bbox: [Double]?
    let score: Double
    let segmentation: COCOSegmentation?

    init(_ result: COCOResult) {
        imageId = result.imageID
        categoryId = result.categoryID
        bbox = result.box.map { [$0.x, $0.y, $0.width, $0.height] }
        score = result.score
        segmentation = result.segmentation
    }
}

extension COCOSegmentation: Encodable {
    private enum Key: String, CodingKey { case size, counts }

    /// Writes polygons, or run lengths with the size of their mask.
    public func encode(to encoder: any Encoder) throws {
        func write(_ counts: some Encodable, _ height: Int, _ width: Int) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode([height, width], forKey: .size)
            try container.encode(counts, forKey: .counts)
        }
        switch self {
        case .polygons(let polygons): try polygons.encode(to: encoder)
        case .counts(let counts, let height, let width): try write(counts, height, width)
        case .packed(let bytes, let height, let width):
            try write(String(decoding: bytes, as: UTF8.self), height, width)
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

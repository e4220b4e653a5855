import Basics
import Foundation

/// What a detector found in some images, as in a file of results.
public struct COCOResults: Sendable {
    /// Where it was read.
    public let path: String

    /// The results, in the order of the file.
    public let results: [COCOResult]

    /// Gathers results.
    ///
    /// - Parameters:
    ///   - path: how errors call the whole.
    ///   - results: the results.
    public init(path: String, results: [COCOResult]) {
        self.path = path
        self.results = results
    }

    /// Reads a file of results.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - parts: which parts are wanted. Boxes are always read, and masks also where the first result has no box, since the
    ///     boxes are those around the masks then.
    /// - Throws: `COCOFileError` where the file cannot be read, or where something else stands in it than the format
    ///   has. Every result needs `image_id`, `category_id` and `score`.
    public init(
        contentsOf path: String, parts: COCOParts = [.boxes, .masks]
    ) throws(COCOFileError) {
        let results = try EntryReader.read(path) { (reader) throws(JSONError) in
            try Self.results(from: &reader, parts)
        }
        self.init(path: path, results: results)
    }

    /// Reads results that are in memory.
    ///
    /// - Parameters:
    ///   - data: the contents of a file.
    ///   - path: how errors call it.
    ///   - parts: which parts are wanted, as for a file.
    /// - Throws: `COCOFileError` as for a file.
    public init(
        data: Data, path: String, parts: COCOParts = [.boxes, .masks]
    ) throws(COCOFileError) {
        let results = try EntryReader.read(data, path: path) { (reader) throws(JSONError) in
            try Self.results(from: &reader, parts)
        }
        self.init(path: path, results: results)
    }

    private static func results(
        from reader: inout EntryReader, _ parts: COCOParts
    ) throws(JSONError) -> [COCOResult] {
        let keys = ResultKeys()
        var first = reader.scanner
        let wantsMasks = parts.contains(.masks) || !hasBox(&first, keys)
        let results = try reader.list(of: "result", "a list of results") {
            (scanner) throws(JSONError) in
            try COCOResult(from: &scanner, keys, wantsMasks: wantsMasks)
        }
        try reader.scanner.end()
        return results
    }

    /// Whether the first result has a box; what is wrong with it is found out when it is read.
    private static func hasBox(_ scanner: inout JSONScanner, _ keys: ResultKeys) -> Bool {
        var hasBox = false
        do {
            try scanner.enterArray()
            guard try scanner.nextElement() else { return false }
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if key == keys.box {
                    hasBox = try scanner.boxOrNothing() != nil
                } else {
                    try scanner.skipValue()
                }
            }
        } catch {
            return true
        }
        return hasBox
    }
}

private struct ResultKeys {
    let imageID = JSONKey("image_id")
    let categoryID = JSONKey("category_id")
    let score = JSONKey("score")
    let box = JSONKey("bbox")
    let segmentation = JSONKey("segmentation")
}

extension COCOResult {
    fileprivate init(
        from scanner: inout JSONScanner, _ keys: ResultKeys, wantsMasks: Bool
    ) throws(JSONError) {
        var imageID: COCOIdentifier?
        var categoryID: COCOIdentifier?
        var score: Double?
        var box: COCOBox?
        var segmentation: COCOSegmentation?
        let start = scanner.offset
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == keys.imageID {
                imageID = try scanner.identifier("image_id")
            } else if key == keys.categoryID {
                categoryID = try scanner.identifier("category_id")
            } else if key == keys.score {
                score = try scanner.number("a number as 'score'").value
            } else if key == keys.box {
                box = try scanner.boxOrNothing()
            } else if key == keys.segmentation, wantsMasks {
                segmentation = try scanner.segmentation()
            } else {
                try scanner.skipValue()
            }
        }
        self.init(
            imageID: try scanner.required(imageID, "image_id", from: start),
            categoryID: try scanner.required(categoryID, "category_id", from: start),
            score: try scanner.required(score, "score", from: start), box: box,
            segmentation: segmentation)
    }
}

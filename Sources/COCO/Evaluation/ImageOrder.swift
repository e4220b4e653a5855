/// The images of a file in the order of their ids.
struct ImageOrder: Sendable {
    /// The positions of the images in the file.
    let positions: [Int]

    /// The rank of each image of the file.
    let ranks: [Int]

    /// Sorts the images.
    ///
    /// - Throws: `COCOEvaluationError.mixedIDs` where ids of images or categories have no common order.
    init(_ file: COCOAnnotations) throws(COCOEvaluationError) {
        for (entries, ids) in [
            ("images", file.images.map(\.id)), ("categories", file.categories.map(\.id)),
        ] where Set(ids.map(\.isText)).count > 1 {
            throw .mixedIDs(path: file.path, of: entries)
        }
        positions = file.images.indices.sorted { file.images[$0].id < file.images[$1].id }
        var ranks = [Int](repeating: 0, count: positions.count)
        for (rank, position) in positions.enumerated() { ranks[position] = rank }
        self.ranks = ranks
    }

    /// Sorts things by their class, then by the rank of their image; equal ones stay in order.
    ///
    /// - Returns: the positions of the things.
    static func sorted(
        _ places: [(rank: Int, number: Int)], images: Int, classes: Int
    ) -> [Int] {
        let byImage = COCOAnnotations.grouped(places.map(\.rank), into: images).order
        let byClass = COCOAnnotations.grouped(byImage.map { places[$0].number }, into: classes)
            .order
        return byClass.map { byImage[$0] }
    }
}

/// The results that are compared with objects, class after class and image after image.
struct ResultTable: Sendable {
    /// The positions in the file, in its order within a class and image.
    let positions: [Int]

    /// The group of each: its class times the number of images, plus the rank of its image.
    let groups: [Int]

    /// Whether the first result has a box, which decides what the area of all is.
    let haveBoxes: Bool

    /// The categories of results that are left out because they are not listed, and how many results those are.
    let unlisted: (ids: Set<COCOIdentifier>, count: Int)

    /// Puts results in order.
    ///
    /// - Throws: `COCOEvaluationError` where there are none, where they are for other images, or where the first has
    ///   nothing to compare.
    init(
        of file: COCOResults, annotations: COCOAnnotations, images: ImageOrder
    ) throws(COCOEvaluationError) {
        guard let first = file.results.first else { throw .noResults(path: file.path) }
        haveBoxes = first.box != nil
        guard haveBoxes || first.segmentation != nil else {
            throw .nothingToCompare(path: file.path)
        }
        var unknown: [COCOIdentifier] = []
        var unlisted: (ids: Set<COCOIdentifier>, count: Int) = ([], 0)
        var positions: [Int] = []
        var places: [(rank: Int, number: Int)] = []
        positions.reserveCapacity(file.results.count)
        places.reserveCapacity(file.results.count)
        for (position, result) in file.results.enumerated() {
            guard let image = annotations.position(ofImage: result.imageID) else {
                unknown.append(result.imageID)
                continue
            }
            guard let number = annotations.classNumber(ofCategory: result.categoryID) else {
                unlisted.ids.insert(result.categoryID)
                unlisted.count += 1
                continue
            }
            positions.append(position)
            places.append((images.ranks[image], number))
        }
        guard unknown.isEmpty else {
            throw .unknownImages(
                path: file.path, ids: Set(unknown).sorted().map { "\($0)" },
                annotations: annotations.path)
        }
        self.unlisted = unlisted
        let (imageCount, classCount) = (images.positions.count, annotations.categories.count)
        let order = ImageOrder.sorted(places, images: imageCount, classes: classCount)
        self.positions = order.map { positions[$0] }
        groups = order.map { places[$0].number * imageCount + places[$0].rank }
    }
}

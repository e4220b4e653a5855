/// The objects that results are compared with, class after class and image after image.
struct TruthTable: Sendable {
    /// How the id of an object counts a match for pycocotools, which stores it in place of a mark.
    enum IDKind: Sendable {
        /// As a match.
        case number
        /// As no match.
        case zero
        /// Not at all.
        case text
    }

    struct Truth: Sendable {
        /// The position in the annotations.
        let position: Int
        let area: Double
        let isCrowd: Bool
        let idKind: IDKind
    }

    /// The objects of a class and image, in the order in which they are matched.
    private(set) var truths: [Truth] = []

    /// The group of each object: its class times the number of images, plus the rank of its image.
    private(set) var groups: [Int] = []

    /// How many objects are left out because their image or category is not listed.
    private(set) var unlistedCount = 0

    /// Those whose id is that of another object, where ids count.
    private(set) var repeatedIDs: [COCOIdentifier] = []

    /// The first one with the id zero, and how many there are, where ids count.
    private(set) var zeroIDs: (first: Int, count: Int)?

    /// Puts the objects of a file in order.
    ///
    /// - Parameters:
    ///   - file: the annotations.
    ///   - images: the images in the order of their ids.
    ///   - type: whether boxes or masks are compared.
    ///   - strictIDs: whether every object counts as itself, whatever its id.
    /// - Throws: `COCOEvaluationError` where an object lacks its area, its mark of crowds, or its box or mask.
    init(
        of file: COCOAnnotations, images: ImageOrder, type: COCOEvaluationType, strictIDs: Bool
    ) throws(COCOEvaluationError) {
        let standIns = strictIDs ? nil : noteRepeated(file)
        var positions: [Int] = []
        var places: [(rank: Int, number: Int)] = []
        var listedCount = 0
        for image in images.positions {
            for own in file.annotationPositions(ofImage: image) {
                guard file.classNumber(ofCategory: file.annotations[own].categoryID) != nil else {
                    continue
                }
                listedCount += 1
                // pycocotools looks each object up by its id, and finds the last one that has it.
                let position = standIns?[own] ?? own
                let annotation = file.annotations[position]
                guard let image = file.position(ofImage: annotation.imageID),
                    let number = file.classNumber(ofCategory: annotation.categoryID)
                else { continue }
                positions.append(position)
                places.append((images.ranks[image], number))
            }
        }
        unlistedCount = file.annotations.count - listedCount
        let order = ImageOrder.sorted(
            places, images: images.positions.count, classes: file.categories.count)
        truths.reserveCapacity(order.count)
        for index in order {
            truths.append(
                try Self.truth(at: positions[index], in: file, type, strictIDs: strictIDs))
            groups.append(places[index].number * images.positions.count + places[index].rank)
        }
        for truth in truths where truth.idKind == .zero {
            zeroIDs = (
                min(zeroIDs?.first ?? truth.position, truth.position), (zeroIDs?.count ?? 0) + 1
            )
        }
    }

    /// Notes ids that repeat.
    ///
    /// - Returns: the position of the last object with the id of each; nil where each id is there once.
    private mutating func noteRepeated(_ file: COCOAnnotations) -> [Int]? {
        var last: [COCOIdentifier: Int] = [:]
        last.reserveCapacity(file.annotations.count)
        for (position, annotation) in file.annotations.enumerated() {
            if last.updateValue(position, forKey: annotation.id) != nil {
                repeatedIDs.append(annotation.id)
            }
        }
        guard !repeatedIDs.isEmpty else { return nil }
        return file.annotations.map { last[$0.id, default: 0] }
    }

    private static func truth(
        at position: Int, in file: COCOAnnotations, _ type: COCOEvaluationType, strictIDs: Bool
    ) throws(COCOEvaluationError) -> Truth {
        let annotation = file.annotations[position]
        func missing(_ part: String) -> COCOEvaluationError {
            .missing(path: file.path, entry: file.entry(position), part: part)
        }
        guard let area = annotation.area else { throw missing("an 'area'") }
        guard let isCrowd = annotation.isCrowd else { throw missing("an 'iscrowd'") }
        switch type {
        case .bbox: guard annotation.box != nil else { throw missing("a 'bbox'") }
        case .segm: guard annotation.segmentation != nil else { throw missing("a 'segmentation'") }
        }
        return Truth(
            position: position, area: area, isCrowd: isCrowd,
            idKind: strictIDs ? .number : IDKind(annotation.id))
    }
}

extension TruthTable.IDKind {
    init(_ id: COCOIdentifier) {
        switch id {
        case .whole(let number): self = number == 0 ? .zero : .number
        case .fraction: self = .number
        case .text(let text): self = Double(text).map { $0 == 0 ? .zero : .number } ?? .text
        }
    }
}

extension COCOAnnotations {
    /// What errors call an object.
    func entry(_ position: Int) -> String {
        "annotation \(position + 1) (id \(annotations[position].id))"
    }
}

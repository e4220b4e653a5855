import Masks

/// What is compared, and how.
struct Comparison: Sendable {
    let annotations: COCOAnnotations
    let results: COCOResults
    let type: COCOEvaluationType
    let truths: TruthTable
    let table: ResultTable

    /// The sizes of the images, where the file says both sides.
    let sizes: [MaskList.Size?]

    /// Whether an overlap that is no number is none.
    let isStrict: Bool

    /// Appends the mask of an object to others.
    func append(
        truth position: Int, image: Int, to masks: inout MaskList
    ) throws(COCOEvaluationError) {
        guard let segmentation = annotations.annotations[position].segmentation else { return }
        let entry = { annotations.entry(position) }
        try append(
            segmentation, image, to: &masks, path: annotations.path, entry: entry)
    }

    /// Appends the mask of a result to others.
    ///
    /// Where the results have boxes, one without a mask has its box as its mask.
    func append(
        result position: Int, image: Int, to masks: inout MaskList
    ) throws(COCOEvaluationError) {
        let entry = { "result \(position + 1)" }
        if let segmentation = results.results[position].segmentation {
            if !table.haveBoxes {
                guard case .packed = segmentation else {
                    throw .unpacked(path: results.path, entry: entry())
                }
            }
            try append(segmentation, image, to: &masks, path: results.path, entry: entry)
            return
        }
        guard table.haveBoxes else {
            throw .missing(path: results.path, entry: entry(), part: "a 'segmentation'")
        }
        guard let box = results.results[position].box else { throw missingBox(position) }
        let (right, bottom) = (box.x + box.width, box.y + box.height)
        try append(
            .polygons([[box.x, box.y, box.x, bottom, right, bottom, right, box.y]]), image,
            to: &masks, path: results.path, entry: entry)
    }

    /// The error of a result that has no box where the first one has.
    func missingBox(_ position: Int) -> COCOEvaluationError {
        .missing(
            path: results.path, entry: "result \(position + 1)",
            part: "a 'bbox', as the first result has one")
    }

    private func append(
        _ segmentation: COCOSegmentation, _ image: Int, to masks: inout MaskList, path: String,
        entry: () -> String
    ) throws(COCOEvaluationError) {
        guard let size = sizes[image] else {
            throw .noSize(path: annotations.path, image: "\(annotations.images[image].id)")
        }
        if case .polygons(let polygons) = segmentation {
            try Self.check(polygons, path, entry)
        }
        do {
            try masks.append(segmentation, size)
        } catch {
            throw .mask(path: path, entry: entry(), error)
        }
    }

    /// Checks what pycocotools refuses in polygons, or leaves to chance.
    private static func check(
        _ polygons: [[Double]], _ path: String, _ entry: () -> String
    ) throws(COCOEvaluationError) {
        func problem(_ expected: String, _ found: String) -> COCOEvaluationError {
            .polygons(path: path, entry: entry(), expected: expected, found: found)
        }
        guard let first = polygons.first else { throw problem("at least one polygon", "none") }
        guard first.count > 4 else {
            throw problem(
                "three points or more, as six numbers, in the first one",
                "\(first.count) numbers there")
        }
        guard polygons.allSatisfy({ $0.allSatisfy { $0.isFinite } }) else {
            throw problem("numbers that are finite", "others")
        }
    }
}

import COCO
import Foundation

/// A few objects and results, as short as a test can say them.
struct Scene {
    var images: [COCOImage] = []
    var categories: Set<Int> = []
    var truths: [COCOAnnotation] = []
    var results: [COCOResult] = []

    /// Begins with images of 640 × 480 pixels.
    init(images: [COCOIdentifier] = [1]) {
        self.images = images.map { COCOImage(id: $0, height: 480, width: 640) }
    }

    /// Adds an object; its area is that of its box where none is given.
    mutating func truth(
        id: COCOIdentifier? = nil, image: COCOIdentifier = 1, category: Int = 1,
        _ box: [Double], area: Double? = nil, isCrowd: Bool = false,
        segmentation: COCOSegmentation? = nil
    ) {
        categories.insert(category)
        truths.append(
            COCOAnnotation(
                id: id ?? .whole(truths.count + 1), imageID: image,
                categoryID: .whole(category), box: Self.box(box), area: area ?? box[2] * box[3],
                isCrowd: isCrowd, segmentation: segmentation))
    }

    /// Adds a result.
    mutating func result(
        image: COCOIdentifier = 1, category: Int = 1, _ box: [Double]?, _ score: Double,
        segmentation: COCOSegmentation? = nil
    ) {
        results.append(
            COCOResult(
                imageID: image, categoryID: .whole(category), score: score,
                box: box.map(Self.box), segmentation: segmentation))
    }

    private static func box(_ numbers: [Double]) -> COCOBox {
        COCOBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    /// Compares them.
    func evaluate(
        _ type: COCOEvaluationType = .bbox, isStrict: Bool = false, threads: Int = 2
    ) throws -> COCOEvaluation {
        let annotations = COCOAnnotations(
            path: "gt.json", images: images,
            categories: categories.map { COCOCategory(id: .whole($0)) }, annotations: truths)
        return try COCOEvaluation(
            of: COCOResults(path: "dt.json", results: results), with: annotations, type: type,
            isStrict: isStrict, threads: threads)
    }

    /// The mean precision, to four places.
    func averagePrecision(_ type: COCOEvaluationType = .bbox, isStrict: Bool = false) throws
        -> Double
    {
        try figure("AP", type, isStrict: isStrict)
    }

    /// A figure, to four places.
    func figure(
        _ name: String, _ type: COCOEvaluationType = .bbox, isStrict: Bool = false
    ) throws -> Double {
        let value = try evaluate(type, isStrict: isStrict).figures[name] ?? .nan
        return (value * 10_000).rounded() / 10_000
    }
}

import COCO
import DetectionData
import Detectors
import Testing
import Torch

/// What is said of a run's pictures without reading them.
@Suite("Sizes of pictures") struct PictureShapeTests {
    /// Wide and tall pictures of 640 × 480 in turn, each with a box, and one without.
    private func source(
        _ count: Int, _ change: (inout PictureSettings) -> Void = { _ in }
    ) throws -> PictureSource {
        let images = (0...count).map { number in
            let isWide = number.isMultiple(of: 2)
            return COCOImage(
                id: .whole(number), height: isWide ? 480 : 640, width: isWide ? 640 : 480,
                fileName: "\(number).jpg")
        }
        let objects = (0..<count).map { number in
            COCOAnnotation(
                id: .whole(number), imageID: .whole(number), categoryID: 1,
                box: COCOBox(x: 1, y: 2, width: 30, height: 40))
        }
        var settings = PictureSettings()
        change(&settings)
        return try PictureSource(
            COCOAnnotations(
                path: "list", images: images, categories: [COCOCategory(id: 1)],
                annotations: objects),
            imagePath: { $0 }, settings: settings, device: .cpu)
    }

    @Test("Batches of an evaluation are padded to multiples of 32, and their mean is one again")
    func evaluation() throws {
        // 800 rows of 1067 columns, and 1067 of 800, become 800 × 1088 and 1088 × 800, of 944 in the mean.
        let alone = try source(3).evaluationShape(batchSize: 1)
        #expect(alone.count == 4)
        #expect(alone.size == ImageSize(height: 960, width: 960))
        let together = try source(3).evaluationShape(batchSize: 2)
        #expect(together.size == ImageSize(height: 1088, width: 1088))
        let fixed = try source(3) { $0.fixedSize = ImageSize(height: 500, width: 640) }
        #expect(
            fixed.evaluationShape(batchSize: 2).size == ImageSize(height: 512, width: 640))
    }

    @Test("An epoch of training has the pictures with objects, or as many as the settings say")
    func training() throws {
        let one = { (settings: inout PictureSettings) in settings.shortEdges = [640] }
        let pass = try source(8, one).trainingShape(batchSize: 2, seed: 0, withMasks: false)
        #expect(pass.count == 8)
        // Wide and tall ones share no batch here: 640 × 853 and 853 × 640 become 640 × 864 and 864 × 640.
        #expect(pass.size == ImageSize(height: 768, width: 768))
        let endless = try source(8) {
            one(&$0)
            $0.imagesPerEpoch = 20
        }
        let epoch = try endless.trainingShape(batchSize: 2, seed: 0, withMasks: false)
        #expect(epoch.count == 20)
        #expect(throws: PictureError.nothingToLearn(file: "list")) {
            try source(0).trainingShape(batchSize: 2, seed: 0, withMasks: false)
        }
    }

    @Test("Pictures of which only the number is known are taken for 640 × 480")
    func unknown() {
        var settings = PictureSettings()
        settings.shortEdges = [640, 800]
        let trained = PictureShape(ofUnknown: 118_287, settings, isTraining: true)
        #expect(trained.count == 118_287)
        // 640 × 864 and 800 × 1088.
        #expect(trained.size == ImageSize(height: 736, width: 992))
        settings.imagesPerEpoch = 160_000
        #expect(PictureShape(ofUnknown: 118_287, settings, isTraining: true).count == 160_000)
        let judged = PictureShape(ofUnknown: 5000, settings, isTraining: false)
        #expect(judged.count == 5000 && judged.size == ImageSize(height: 800, width: 1088))
    }
}

import Basics
import COCO
import COCODrawing
import DetectionData
import DetectionTraining
import Detectors
import Foundation
import ImageFiles
import NetworkFiles
import Recipes
import Torch
import TorchNN
import Training
import VisionData

/// Test pictures of a data set with boxes, with what is annotated in them and what detectors find.
public struct DetectionExamples {
    /// How many pictures are drawn where none is named.
    public static let standardPictures = 4

    /// A picture, drawn several times.
    struct Example {
        let name: String
        var drawings: [(caption: String, png: Data)]
    }

    private(set) var examples: [Example]

    private let pictures: PictureSource
    private let places: [COCOPicture]
    private let recipe: Recipe
    private let device = Device.cpu

    /// Opens the test pictures of a recipe, and draws what is annotated.
    ///
    /// - Parameters:
    ///   - recipe: of a detector.
    ///   - directory: the folder that holds `annotations` and `val2017`.
    ///   - positions: of the pictures in the annotations; nil for the first ones with objects.
    ///   - reading: how picture files are read.
    /// - Throws: `COCOFileError` or `PictureError` where the annotations cannot be used,
    ///   `DetectionExamplesError.noPicture`, `COCODrawingError` where a picture cannot be drawn.
    public init(
        of recipe: Recipe, in directory: String, positions: [Int]?,
        reading: PhotographReading = PhotographReading()
    ) throws {
        let folder = COCOFolder(directory)
        let hasMasks = try DetectorArchitecture(named: recipe.student.model).hasMasks
        let all = try COCOAnnotations(
            contentsOf: folder.annotations(of: .val), parts: hasMasks ? [.boxes, .masks] : .boxes)
        if let wrong = positions?.first(where: { $0 >= all.images.count }) {
            throw DetectionExamplesError.noPicture(wrong, count: all.images.count)
        }
        let chosen =
            positions
            ?? Array(
                all.images.indices.lazy.filter { !all.annotationPositions(ofImage: $0).isEmpty }
                    .prefix(Self.standardPictures))
        let list = COCOAnnotations(
            path: all.path, images: chosen.map { all.images[$0] }, categories: all.categories,
            annotations: chosen.flatMap { all.annotations(ofImage: all.images[$0].id) })
        self.recipe = recipe
        pictures = try PictureSource(
            list, imagePath: { folder.image($0, of: .val) }, settings: recipe.dataset.pictures,
            reading: reading, device: device)
        places = list.images.map { image in
            COCOPicture(
                entry: image, annotations: list,
                path: folder.image(image.fileName ?? "", of: .val))
        }
        examples = try zip(chosen, places).map { position, place in
            Example(
                name: "test picture \(position)",
                drawings: [("annotated", Data(try place.drawn(nil).picture.png()))])
        }
    }

    /// Draws what the student of a run finds after its last epoch.
    ///
    /// - Parameters:
    ///   - folder: the run's.
    ///   - name: what it is called.
    /// - Throws: where recipe or weights cannot be read or do not fit; `TrainingError.evaluationOutOfMemory`.
    public mutating func add(run folder: String, named name: String) throws {
        let own = try Recipe.load(file: folder + "/recipe.yaml")
        let detector = try own.makeDetector(
            classCount: pictures.annotations.categories.count, device: device,
            startingFrom: folder + "/" + lastWeightsName)
        try add(detector, own.dataset.normalization.normalization, caption: name)
    }

    /// Draws what the recipe's teacher finds; nothing where it has none.
    ///
    /// - Parameter file: its weights.
    /// - Throws: where they cannot be read or do not fit; `TrainingError.evaluationOutOfMemory`.
    public mutating func add(teacher file: String) throws {
        guard
            let detector = try recipe.makeTeacherDetector(
                classCount: pictures.annotations.categories.count, device: device, from: file)
        else { return }
        try add(detector, recipe.dataset.normalization.normalization, caption: "teacher")
    }

    private mutating func add(
        _ detector: any Detector, _ normalization: Normalization, caption: String
    ) throws {
        detector.eval()
        let predictor = try DetectionPredictor(
            detector, normalization: normalization, dtype: .float32)
        var drawings: [(position: Int, png: Data)] = []
        try predictor.predict(pictures) { position, found in
            let shown = found.filter { $0.score >= FoundObject.leastScore }
            drawings.append((position, Data(try places[position].drawn(shown).picture.png())))
        }
        for (position, png) in drawings { examples[position].drawings.append((caption, png)) }
    }

    /// The part of the page.
    var html: HTML {
        let rows = examples.map { example -> HTML in
            let figures = example.drawings.map { drawing in
                HTML.figure(
                    drawing.png.base64EncodedString(), "\(example.name), \(drawing.caption)",
                    caption: drawing.caption)
            }
            return "<h3>\(example.name)</h3><div class=\"objects\">\(HTML(figures))</div>"
        }
        return """
            <h2>What is found in pictures</h2>
            <p class="note">Objects with a score of \(FoundObject.leastScore) and above, after the last epoch.</p>\(HTML(rows))
            """
    }
}

/// A picture that is not there to be drawn.
public enum DetectionExamplesError: Error, Equatable, CustomStringConvertible {
    case noPicture(Int, count: Int)

    /// The position, and what was expected.
    public var description: String {
        switch self {
        case .noPicture(let position, let count):
            "there is no test picture \(position), expected a position of at most \(count - 1). Choose others."
        }
    }
}

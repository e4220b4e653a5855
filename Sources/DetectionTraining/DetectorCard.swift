import DetectionData
import Detectors
import Recipes
import Training

/// What the file of a detector says of how it is made and how large the pictures were that judged it.
public struct DetectorCard: Sendable, Equatable {
    /// All that is not weights, but for the number of classes.
    public var settings = DetectorSettings()

    /// The length of the shorter side in evaluation, and of the longer one at most, in pixels; nil where the file does
    /// not say.
    public var shortEdge, longestEdge: Int?

    /// The size of all pictures, where they had one.
    public var fixedSize: ImageSize?

    /// Takes what a recipe says.
    ///
    /// - Parameters:
    ///   - recipe: of the run.
    ///   - detector: the student, where the stride of whose blocks is follows from the file that it starts from.
    public init(_ recipe: Recipe, _ detector: any Detector) {
        settings = recipe.detector
        settings.norm = recipe.student.bottomUp.norm
        settings.strideIn1x1 = detector.settings.strideIn1x1
        let pictures = recipe.dataset.pictures
        shortEdge = pictures.evaluationShortEdge
        longestEdge = pictures.longestEdge
        fixedSize = pictures.fixedSize
    }

    /// Reads what a file says; the usual where it says nothing.
    ///
    /// - Parameters:
    ///   - card: what the file says.
    ///   - file: its name, for errors.
    /// - Throws: `RecipeError` where it says something that is not valid.
    public init(_ card: StudentCard, of file: String) throws {
        if let text = card.details["detector"] {
            settings = try DetectorSettings(text: text, file: file)
        }
        settings.norm = card.details["norm"].flatMap(BottomUpNorm.init) ?? .frozen
        shortEdge = card.details["evaluation_short_edge"].flatMap { Int($0) }
        longestEdge = card.details["longest_edge"].flatMap { Int($0) }
        let sides = card.details["fixed_size"]?.split(separator: "x").compactMap { Int($0) } ?? []
        if sides.count == 2 { fixedSize = ImageSize(height: sides[0], width: sides[1]) }
    }

    /// The same as texts.
    var details: [String: String] {
        var texts = [
            "norm": settings.norm.rawValue, "detector": settings.text,
            "stride_in_1x1": "\(settings.strideIn1x1)",
        ]
        texts["evaluation_short_edge"] = shortEdge.map(String.init)
        texts["longest_edge"] = longestEdge.map(String.init)
        texts["fixed_size"] = fixedSize.map { "\($0.height)x\($0.width)" }
        return texts
    }

    /// Settings for pictures to be judged on, or to look at.
    public var pictures: PictureSettings {
        var settings = PictureSettings()
        if let shortEdge { settings.evaluationShortEdge = shortEdge }
        if let longestEdge { settings.longestEdge = longestEdge }
        settings.shortEdges = [settings.evaluationShortEdge]
        settings.fixedSize = fixedSize
        return settings
    }
}

import Distillation
import Foundation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

/// The attention maps of a run's fusion blocks while it trains.
public struct AttentionPictures {
    /// How many images are drawn.
    private static let imageCount = 4

    private let lesson: ReportedLesson
    private let student: any Backbone
    private let images: Tensor
    private let normalization: Normalization

    /// Chooses the first test images; nil where the method has no fusion blocks.
    ///
    /// - Parameters:
    ///   - distiller: the run's method.
    ///   - recipe: the run's.
    ///   - test: the test images.
    /// - Throws: where images cannot be read.
    public init?(
        of distiller: any Distiller, _ recipe: Recipe, test: any ImageSource
    ) throws {
        guard let taught = distiller as? TaughtStudent<Tensor>,
            let lesson = ReportedLesson(of: taught), lesson.review != nil,
            let student = taught.student as? any Backbone
        else { return nil }
        self.lesson = lesson
        self.student = student
        normalization = recipe.dataset.normalization.normalization
        var batches: [Tensor] = []
        try test.evaluation(
            positions: (0..<Int64(min(Self.imageCount, test.count))).map(\.self),
            normalization: normalization, batchSize: Self.imageCount
        ).forEach { batches.append($0.images) }
        images = Tensor.concatenate(batches)
    }

    /// The maps as they are now, by name; the networks stay as they are.
    ///
    /// - Returns: a PNG file for each map of each image, with its height and width.
    /// - Throws: `ImageError.outOfMemory`.
    public func draw() throws -> [(name: String, png: Data, size: (height: Int, width: Int))] {
        student.eval()
        lesson.review?.review.eval()
        defer {
            student.train()
            lesson.review?.review.train()
        }
        let drawn = try ReviewedPicture.all(
            of: images, normalization, student: student, lesson: lesson)
        return drawn.enumerated().flatMap { index, picture in
            picture.levels.enumerated().flatMap { number, level in
                [("own", level.attention?.own), ("deeper", level.attention?.deeper)].compactMap {
                    kind, map in
                    map.map {
                        (
                            name: "abf/\(number + 1)/image \(index)/\(kind)", png: $0.png,
                            size: $0.size
                        )
                    }
                }
            }
        }
    }
}

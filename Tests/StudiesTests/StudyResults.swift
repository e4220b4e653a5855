@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

extension CellResult {
    /// A result with what tests look at.
    static func example(
        _ method: String, seed: Int = 0, _ top1: Double, pair: String = "resnet56-resnet20",
        schedule: String = "paper", recipe: String? = nil, teacher: String? = "beef",
        images: Int? = nil
    ) -> CellResult {
        CellResult(
            pair: pair, method: method, seed: seed, schedule: schedule, epochs: 240, top1: top1,
            top5: 90, testBestTop1: top1 + 0.5, seconds: 1, device: "cpu", processor: "",
            precision: "float32", revision: "abc", date: "2026-11-25",
            recipe: recipe ?? "\(pair) \(method) \(seed)",
            teacher: teacher, teacherTop1: teacher.map { _ in 72.63 },
            trainingImages: images)
    }
}

import Detectors
import Distillation

/// The detectors and the length that the last part of a recipe's name of COCO stands for, as
/// `faster_rcnn_R50-R18-short`.
struct DetectionRecipeName {
    /// The first part of the recipes' names.
    static let group = "coco"

    private let teacher: DetectorArchitecture?
    private let student: DetectorArchitecture
    private let suffix: String

    /// Nil where a detector is unknown.
    init?(_ text: String) {
        var parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        suffix = parts.last == "short" ? "-short" : ""
        if !suffix.isEmpty { parts.removeLast() }
        guard let first = parts.first.flatMap({ try? DetectorArchitecture(named: $0) }) else {
            return nil
        }
        switch parts.count {
        case 1: (teacher, student) = (nil, first)
        case 2:
            guard
                let second = try? DetectorArchitecture(
                    named: "\(first.family.rawValue)_\(parts[1])")
            else { return nil }
            (teacher, student) = (first, second)
        default: return nil
        }
    }

    /// Every last part of a name.
    static let names = DetectorArchitecture.all.flatMap { first in
        ([first.name]
            + DetectorArchitecture.all.filter { $0.family == first.family }
            .map { "\(first.name)-\($0.bottomUp.rawValue)" })
            .flatMap { [$0, "\($0)-short"] }
    }

    private var name: String {
        "\(Self.group)/\(teacher?.name ?? student.name)"
            + (teacher == nil ? "" : "-\(student.bottomUp.rawValue)") + suffix
    }

    func text() throws -> String { try Recipe.text(ofShipped: name) ?? derived().yaml }

    /// The settings of the family's own pair or detector.
    private func derived() throws -> Recipe {
        let base =
            switch (student.family, teacher != nil) {
            case (.fasterRCNN, true):
                suffix.isEmpty ? "faster_rcnn_R101-R18" : "faster_rcnn_R50-R18"
            case (.fasterRCNN, false): "faster_rcnn_R18"
            case (.maskRCNN, true): "mask_rcnn_R101-R18"
            case (.maskRCNN, false): "mask_rcnn_R18"
            case (.retinaNet, true): "retinanet_R101-R50"
            case (.retinaNet, false): "retinanet_R50"
            }
        var recipe = try Recipe.load(nameOrPath: "\(Self.group)/\(base)\(suffix)")
        recipe.name = name
        recipe.student.model = student.name
        if let teacher {
            recipe.description =
                "\(student.name) learns from \(teacher.name) with ReviewKD in \(recipe.epochs) epochs; "
                + "nothing is published for this pair, the weight is that of \(base)"
            recipe.teacher?.model = teacher.name
            if let publishedWeight { recipe.method.review?.term.weight = publishedWeight }
        } else {
            recipe.description =
                "\(student.name) trained alone in \(recipe.epochs) epochs, to serve as a teacher"
        }
        return recipe
    }

    /// The weight of the shipped pair, where this is its shorter form.
    private var publishedWeight: Double? {
        guard let teacher, !suffix.isEmpty else { return nil }
        let whole = "\(Self.group)/\(teacher.name)-\(student.bottomUp.rawValue)"
        guard Recipe.text(ofShipped: whole) != nil else { return nil }
        return (try? Recipe.load(nameOrPath: whole))?.reviewWeight
    }
}

extension Recipe {
    /// The weight of the review term; 0 without one.
    fileprivate var reviewWeight: Double { method.review?.term.weight ?? 0 }
}

import Torch
import VisionModels

/// What a user should know of the stages that a method which takes all of them leaves out.
///
/// - Parameters:
///   - student: the student.
///   - teacher: the teacher.
/// - Returns: one sentence; nil where both have as many.
public func remarkOnStages(_ student: any Backbone, _ teacher: any Backbone) -> String? {
    remarkOnLeftOut("stages", student: student.stageInfo.count, teacher: teacher.stageInfo.count)
}

/// What a user should know of the places in the longer network that are left out.
///
/// - Parameters:
///   - places: what is matched, in the plural.
///   - student: how many the student has.
///   - teacher: how many the teacher has.
/// - Returns: one sentence; nil where both have as many.
func remarkOnLeftOut(_ places: String, student: Int, teacher: Int) -> String? {
    guard student != teacher else { return nil }
    return
        "the student has \(student) \(places) and the teacher \(teacher): the deepest "
        + "\(min(student, teacher)) are matched, and the shallow ones of the longer network are left out"
}

/// The deepest stages of two networks side by side: as many as the one that has fewer.
func matchedStages(_ student: [Tensor], _ teacher: [Tensor]) -> [(student: Tensor, teacher: Tensor)]
{
    let count = min(student.count, teacher.count)
    return zip(student.suffix(count), teacher.suffix(count)).map { (student: $0, teacher: $1) }
}

/// Two maps of one size: the larger one is averaged down to the smaller.
func samePixels(_ student: Tensor, _ teacher: Tensor) -> (student: Tensor, teacher: Tensor) {
    let own = student.size(2)
    let goal = teacher.size(2)
    if own > goal { return (student.adaptiveAveragePool(goal), teacher) }
    if own < goal { return (student, teacher.adaptiveAveragePool(own)) }
    return (student, teacher)
}

extension FeatureExtractor {
    /// The logits `[N, classes]` of normalised images alone, without the stages before their last activation.
    ///
    /// - Precondition: there is a classifier.
    public func scores(of images: Tensor) -> Tensor {
        features(images, keepsPreactivations: false).scores
    }
}

extension FeaturePyramid {
    /// The logits `[N, classes]` of a network that must have a classifier.
    public var scores: Tensor {
        guard let logits else {
            preconditionFailure("this method needs a network with a classifier")
        }
        return logits
    }

    /// The pooled features `[N, C]` of a network that must have them.
    public var pooledRows: Tensor {
        guard let pooled else {
            preconditionFailure("this method needs a network with a classifier")
        }
        return pooled.flatten(from: 1)
    }
}

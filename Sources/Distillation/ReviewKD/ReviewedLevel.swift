import Torch
import VisionModels

/// What a review makes of one level, to be looked at.
public struct ReviewedLevel {
    /// The student's level, from 0.
    public let studentLevel: Int

    /// The teacher's level, from 0.
    public let teacherLevel: Int

    /// The student's feature before the review, `[N, C, h, w]`.
    public let student: Tensor

    /// The same after it, `[N, C', h', w']` with the teacher's channels and size.
    public let reviewed: Tensor

    /// The teacher's feature, `[N, C', h', w']`.
    public let teacher: Tensor

    /// The weights of the level's own feature and of the deeper levels', `[N, 2, h, w]` in 0…1; nil for the deepest
    /// level, and where the block does not weigh.
    public let attention: Tensor?
}

extension ReviewKD {
    /// What the review makes of images, level by level.
    ///
    /// Source: ReviewKD, section 3.2, figure 3.
    ///
    /// - Parameters:
    ///   - student: the student's pyramid of the images.
    ///   - teacher: the teacher's, with its pre-activations.
    /// - Returns: one for each link, from shallow to deep.
    public func reviewed(student: FeaturePyramid, teacher: FeaturePyramid) -> [ReviewedLevel] {
        review.reviewed(
            student: preactivationsOf.contains(.student)
                ? student.preactivationLevels : student.levels,
            teacher: teacher.preactivationLevels)
    }
}

import Torch
import VisionModels

/// A method that also teaches detectors.
///
/// The stages of an observation are then the levels of the two feature pyramid networks.
public protocol DetectionMethod: DistillationMethod {
    /// Whether it compares what the networks say of regions, which are the logits of an observation then.
    static var comparesRegions: Bool { get }

    /// Makes the term.
    ///
    /// - Parameters:
    ///   - settings: the constants.
    ///   - place: the networks.
    /// - Throws: where the networks do not suit the method.
    init(_ settings: Settings, in place: PyramidPlace) throws(DistillationError)
}

/// Where a method is put between two detectors.
public struct PyramidPlace {
    /// The student.
    public let student: any PyramidNetwork

    /// The teacher.
    public let teacher: any PyramidNetwork

    /// The source of the initial weights of what the method learns.
    public let generator: Generator

    /// Describes a place.
    public init(
        student: any PyramidNetwork, teacher: any PyramidNetwork, generator: Generator
    ) {
        self.student = student
        self.teacher = teacher
        self.generator = generator
    }
}

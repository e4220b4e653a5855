import Detectors
import Distillation
import NetworkFiles
import Recipes
import TensorFiles
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

extension Recipe {
    /// How networks of this recipe are given their pictures.
    private var pixelFormat: PixelFormat {
        let normalization = dataset.normalization.normalization
        return PixelFormat(
            channels: .rgb, mean: normalization.mean.map { 255 * $0 },
            deviation: normalization.deviation.map { 255 * $0 })
    }

    /// The detector that is trained, with its initial weights, the same for every method, or with those of a file.
    ///
    /// - Parameters:
    ///   - classCount: the number of classes.
    ///   - device: where it is to be.
    ///   - path: a file of a whole detector or of its bottom-up network alone; nil for none.
    ///   - key: where in the file the weights are.
    ///   - remark: called with what a user should know about the file.
    /// - Returns: the detector in training mode.
    /// - Throws: `ModelError` where there is no such detector, and what `loadDetector` throws.
    package func makeDetector(
        classCount: Int, device: Device, startingFrom path: String? = nil,
        key: WeightsKey = WeightsKey(), remark: (WeightsRemark) -> Void = { _ in }
    ) throws -> any Detector {
        let architecture = try DetectorArchitecture(named: student.model)
        let settings = detectorSettings(of: student.bottomUp, classCount: classCount)
        let detector =
            if let path {
                try loadDetector(
                    architecture, weights: path, key: key, settings: settings,
                    takingPicturesAs: pixelFormat, requiresHeads: false, generator: generator(10),
                    remark: remark
                ).detector
            } else {
                architecture.make(settings: settings, generator: generator(10))
            }
        detector.convert(device: device, format: .channelsLast)
        detector.train()
        return detector
    }

    /// The teacher's detector; nil where there is no teacher.
    ///
    /// - Parameters:
    ///   - classCount: the number of classes.
    ///   - device: where it is to be.
    ///   - path: its file; nil for weights of no account.
    ///   - key: where in the file the weights are.
    ///   - remark: called with what a user should know about the file.
    /// - Returns: the detector.
    /// - Throws: `ModelError` where there is no such detector, and what `loadDetector` throws.
    package func makeTeacherDetector(
        classCount: Int, device: Device, from path: String? = nil, key: WeightsKey = WeightsKey(),
        remark: (WeightsRemark) -> Void = { _ in }
    ) throws -> (any Detector)? {
        try teacher.map { teacher in
            let architecture = try DetectorArchitecture(named: teacher.model)
            let settings = detectorSettings(of: teacher.bottomUp, classCount: classCount)
            let detector =
                if let path {
                    try loadDetector(
                        architecture, weights: path, key: key, settings: settings,
                        takingPicturesAs: pixelFormat, generator: generator(13), remark: remark
                    ).detector
                } else {
                    architecture.make(settings: settings, generator: generator(13))
                }
            detector.convert(device: device, format: .channelsLast)
            return detector
        }
    }

    private func detectorSettings(
        of bottomUp: BottomUpSettings, classCount: Int
    ) -> DetectorSettings {
        var settings = detector
        settings.classCount = classCount
        settings.norm = bottomUp.norm
        settings.frozenParts = bottomUp.frozenParts
        return settings
    }

    /// Refuses methods that are not made for detectors.
    ///
    /// - Throws: `DistillationError.notForDetectors` with the first of them.
    package func requireMethodForDetectors() throws(DistillationError) {
        guard method.names != [.alone],
            let other = method.names.first(where: { $0 != .reviewkd })
        else { return }
        throw .notForDetectors(method: other.rawValue)
    }

    /// The method of this recipe around a detector.
    ///
    /// - Parameters:
    ///   - task: the student, in training mode.
    ///   - teacher: a detector; nil for a student alone.
    ///   - precision: of both forward passes.
    ///   - remark: called with what a user should know about the choices.
    /// - Returns: the method, ready for the first step.
    /// - Throws: `DistillationError` where the two cannot be matched, `TrainingError.noTeacher` where the method
    ///   needs one.
    package func makeDetectionDistiller(
        _ task: ObjectDetection, teacher: Teacher?, precision: Precision,
        remark: (String) -> Void = { _ in }
    ) throws -> TaughtStudent<[BoxTargets]> {
        guard method.names != [.alone] else {
            return TaughtStudent(task: task, precision: precision)
        }
        try requireMethodForDetectors()
        guard let teacher else { throw TrainingError.noTeacher(method: method.name) }
        let strides = [task.detector.levels, teacher.network.levels].map {
            $0.map { $0.reduction ?? 0 }
        }
        guard strides[0] == strides[1] else {
            throw DistillationError.otherPyramid(student: strides[0], teacher: strides[1])
        }
        let terms = try method.review.map { review in
            ReviewKD(
                review: try makeReview(
                    review, student: task.detector, teacher: teacher.network, remark),
                settings: review.term)
        }
        return TaughtStudent(
            task: task, teacher: teacher, terms: [terms].compactMap(\.self),
            labelsWeight: method.crossEntropyWeight,
            precision: precision)
    }
}

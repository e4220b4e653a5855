import COCO
import DetectionData
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
        let detector = try detector(
            named: student.model, student.bottomUp, classCount: classCount, device: device,
            from: path, key: key, assuming: assumedStudentFormat, requiresHeads: false,
            generator(10), remark)
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
            try detector(
                named: teacher.model, teacher.bottomUp, classCount: classCount, device: device,
                from: path, key: key, requiresHeads: true, generator(13), remark)
        }
    }

    private func detector(
        named name: String, _ bottomUp: BottomUpSettings, classCount: Int, device: Device,
        from path: String?, key: WeightsKey, assuming format: PixelFormat? = nil,
        requiresHeads: Bool, _ generator: Generator, _ remark: (WeightsRemark) -> Void
    ) throws -> any Detector {
        let architecture = try DetectorArchitecture(named: name)
        var settings = self.detector
        settings.classCount = classCount
        settings.norm = bottomUp.norm
        settings.frozenParts = bottomUp.frozenParts
        let network =
            if let path {
                try loadDetector(
                    architecture, weights: path, key: key, settings: settings,
                    assuming: format,
                    takingPicturesAs: dataset.normalization.normalization.pixelFormat,
                    requiresHeads: requiresHeads, generator: generator, remark: remark
                ).detector
            } else {
                architecture.make(settings: settings, generator: generator)
            }
        network.convert(device: device, format: .channelsLast)
        return network
    }

    /// The method of this recipe around a detector.
    ///
    /// - Parameters:
    ///   - detector: the student, in training mode.
    ///   - truths: the objects in the images that it is judged on.
    ///   - teacher: a detector; nil for a student alone.
    ///   - precision: of both forward passes.
    ///   - remark: called with what a user should know about the choices.
    /// - Returns: the method, ready for the first step.
    /// - Throws: `DistillationError` where the two cannot be matched, `TrainingError.noTeacher` where the method
    ///   needs one.
    package func makeDetectionDistiller(
        _ detector: any Detector, judgedBy truths: COCOAnnotations, teacher: Teacher?,
        precision: Precision, remark: (String) -> Void = { _ in }
    ) throws -> TaughtStudent<[BoxTargets]> {
        guard method.names != [.alone] else {
            return TaughtStudent(
                task: ObjectDetection(detector, judgedBy: truths), precision: precision)
        }
        try requireMethodForDetectors()
        guard let teacher else { throw TrainingError.noTeacher(method: method.name) }
        let strides = [detector.levels, teacher.network.levels].map {
            $0.map { $0.reduction ?? 0 }
        }
        guard strides[0] == strides[1] else {
            throw DistillationError.otherPyramid(student: strides[0], teacher: strides[1])
        }
        let comparesRegions = method.names.contains { name in
            (name.method as? any DetectionMethod.Type)?.comparesRegions ?? false
        }
        return TaughtStudent(
            task: ObjectDetection(
                detector, judgedBy: truths, secondJudge: comparesRegions ? teacher : nil),
            teacher: teacher,
            terms: try makeDetectionTerms(student: detector, teacher: teacher.network, remark),
            labelsWeight: method.crossEntropyWeight, precision: precision)
    }

    /// The terms of this recipe's loss between two detectors, in the order of the methods' names.
    private func makeDetectionTerms(
        student: any Detector, teacher: any PyramidNetwork, _ remark: (String) -> Void
    ) throws -> [any KnowledgeTerm] {
        let use = use(of: method.names)
        return try method.names.compactMap { name in
            if name == .reviewkd {
                let review = try method.review ?? ReviewSettings.published(for: use)
                return ReviewKD(
                    review: try makeReview(review, student: student, teacher: teacher, remark),
                    settings: review.term)
            }
            guard let kind = name.method else { return nil }
            let constants = method.constants[name] ?? MethodConstants(kind, for: use)
            return try constants.makeTerm(
                in: PyramidPlace(student: student, teacher: teacher, generator: generator(11)))
        }
    }
}

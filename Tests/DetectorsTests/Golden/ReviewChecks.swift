import Distillation
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Detectors

@Sendable func checkDetectorReview(_ file: DetectionFile, _ agreement: inout Agreement) throws {
    let contents = try file.contents()
    let teacher = try DetectorFixture(file, part: "teacher_", model: "teacher")
    var modules: [ReviewModule] = []
    let student = try DetectorFixture(file, model: "student") { detector in
        let review = try ReviewModule(
            student: detector.levels, teacher: teacher.detector.levels,
            matching: StageMatching(student: detector.levels, teacher: teacher.detector.levels),
            generator: Generator(seed: 0))
        modules.append(review)
        return review.stateDict().map { $0.prefixed("kd_trans") }
    }
    let check = try TrainingCheck(fixture: student, file: file)
    let review = modules[0]
    let weight = try contents.at("weight").number
    let pictures = try contents.at("images").list.map { try $0.picture }
    let isReversed = try contents.at("teacher_channels").string.contains("reversed")
    let order = Tensor(isReversed ? [2, 1, 0] : [Int64(0), 1, 2])
    let knowledge = withoutGrad {
        teacher.detector.features(
            teacher.batch(pictures.map { $0.select(0, order) }), keepsPreactivations: true)
    }
    let step = try check.compareForward(&agreement)
    let pairs = review(student: step.levels, teacher: knowledge.preactivationLevels)
    let outputs = pairs.map(\.student)
    let names = student.levelNames
    func compare(_ key: String, _ found: [Tensor]) throws {
        let golden = try contents.at(key)
        agreement.compareNames(key, names, golden.keys)
        for (name, tensor) in zip(names, found) {
            guard let golden = golden.optional(name) else { continue }
            agreement.compare("\(key) \(name)", tensor, try golden.summary)
        }
    }
    try compare("student_fpn", step.levels)
    try compare("teacher_fpn", knowledge.stages)
    try compare("review", outputs)
    let distances = zip(outputs, knowledge.stages).map { hierarchicalContextLoss($0, $1) }
    for (name, distance) in zip(names, distances) {
        agreement.compare(
            "hcl \(name)", distance.item(), try contents.at("hcl").at(name).number)
    }
    let sum = distances.dropFirst().reduce(distances[0], +)
    if let golden = contents.optional("hcl_sum") {
        agreement.compare("hcl_sum", sum.item(), try golden.number)
    }
    agreement.compare(
        "loss_ReviewKD", (sum * weight).item(),
        try contents.at("losses").at("loss_ReviewKD").number)
    // The loss again on leaves, since only those keep gradients.
    let leaves = outputs.map { output in
        let leaf = output.detach().clone()
        leaf.requiresGrad = true
        return leaf
    }
    let again = zip(leaves, knowledge.stages).map { hierarchicalContextLoss($0, $1) * weight }
    again.dropFirst().reduce(again[0], +).backward()
    try compare("review_gradients", leaves.compactMap(\.grad))
    let own = review.parameters().map { $0.prefixed("kd_trans") }
    let learning = Set(own.map(\.name))
    try check.compareStep(
        step.losses + [("loss_ReviewKD", sum * weight)],
        parameters: student.detector.trainableParameters + own,
        others: review.stateDict().map { $0.prefixed("kd_trans") }.filter {
            !learning.contains($0.name) && !$0.isBatchCounter
        }, &agreement)
}

import TorchNN
import TorchTestSupport

@testable import Distillation
@testable import Torch

extension BaselinesFile.Case {
    /// The method's unweighted loss for inputs of this case; nil for a method that is not known.
    func loss(student: Tensor, teacher: Tensor) -> Tensor? {
        switch method {
        case "kd":
            KnowledgeDistillation(.init(temperature: parameters.temperature ?? 4))
                .loss(student: student, teacher: teacher)
        case "dkd":
            DecoupledKnowledgeDistillation(
                .init(
                    temperature: parameters.temperature ?? 4, alpha: parameters.alpha ?? 1,
                    beta: parameters.beta ?? 8)
            ).loss(student: student, teacher: teacher, targets: Tensor(parameters.targets ?? []))
        case "at": AttentionTransfer().loss(student: student, teacher: teacher)
        case "sp": SimilarityPreserving().loss(student: student, teacher: teacher)
        case "pkt": ProbabilisticKnowledgeTransfer().loss(student: student, teacher: teacher)
        case "rkd":
            RelationalKnowledgeDistillation(
                .init(
                    distanceWeight: parameters.distanceWeight ?? 25,
                    angleWeight: parameters.angleWeight ?? 50)
            ).loss(student: student, teacher: teacher)
        case "dist":
            DIST(
                .init(
                    temperature: parameters.tau ?? 4, beta: parameters.beta ?? 2,
                    gamma: parameters.gamma ?? 2)
            ).loss(student: student, teacher: teacher)
        case "ofd": overhaul(student: student, teacher: teacher)
        case "vid": variational(student: student, teacher: teacher)
        case "kd_standardize":
            KnowledgeDistillation(
                .init(temperature: parameters.temperature ?? 2, standardize: true)
            ).loss(student: student, teacher: teacher)
        case "mlkd":
            MultiLevelLogitDistillation(.init(temperature: parameters.temperature ?? 4))
                .loss(student: student, teacher: teacher)
        case "nd": normAndDirection(student: student, teacher: teacher)
        case "review_ea": entropyWeighted(student: student, teacher: teacher)
        default: nil
        }
    }

    private func normAndDirection(student: Tensor, teacher: Tensor) -> Tensor? {
        guard let means = inputs["means"]?.tensor() else { return nil }
        return NormAndDirection(
            .init(weight: 1), studentWidth: student.size(1), teacherWidth: teacher.size(1),
            classCount: 1, generator: Generator(seed: 0)
        ).loss(student: student, teacher: teacher, means: means)
    }

    private func entropyWeighted(student: Tensor, teacher: Tensor) -> Tensor? {
        guard let own = inputs["student_logits"]?.tensor(),
            let goal = inputs["teacher_logits"]?.tensor()
        else { return nil }
        let weights = EntropyWeights(.init(temperature: parameters.temperature ?? 3))
        return hierarchicalContextLoss(
            student, teacher, imageWeights: weights(student: own, teacher: goal))
    }

    private func overhaul(student: Tensor, teacher: Tensor) -> Tensor? {
        // The margin is −|margin| of the file.
        guard let margin = inputs["margin"]?.tensor() else { return nil }
        return OverhaulDistillation.loss(
            student: student, teacher: teacher, margin: -margin.maximum(-margin))
    }

    private func variational(student: Tensor, teacher: Tensor) -> Tensor {
        let stage = VariationalInformationDistillation.Gaussian(
            student.size(1), teacher.size(1), generator: Generator(seed: 0))
        stage.convert(dtype: .float64)
        let regressor = stage.parameters().filter { $0.name.hasPrefix("regressor.") }
        regressor.map { NamedTensor(String($0.name.dropFirst("regressor.".count)), $0.tensor) }
            .fillWithHash(base: 9100)
        return stage((student: student, teacher: teacher))
    }
}

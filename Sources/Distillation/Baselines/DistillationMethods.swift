/// The methods that recipes can name beside ReviewKD.
public enum DistillationMethods {
    /// All of them, in the order in which pages and errors list them.
    public static let all: [any DistillationMethod.Type] = [
        KnowledgeDistillation.self,
        FitNet.self,
        AttentionTransfer.self,
        SimilarityPreserving.self,
        RelationalKnowledgeDistillation.self,
        ProbabilisticKnowledgeTransfer.self,
        VariationalInformationDistillation.self,
        ContrastiveRepresentationDistillation.self,
        OverhaulDistillation.self,
        DecoupledKnowledgeDistillation.self,
        DIST.self,
        MultiLevelLogitDistillation.self,
        NormAndDirection.self,
    ]

    /// What changes the review term and is no term of its own.
    public static let refinements: [any NamedMethod.Type] = [EntropyWeights.self]

    /// Those that also teach detectors.
    public static let forDetectors: [any DetectionMethod.Type] = all.compactMap {
        $0 as? any DetectionMethod.Type
    }
}

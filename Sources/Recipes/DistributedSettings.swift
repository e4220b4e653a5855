import RecipeSyntax

/// What a step does where several processes take it together.
public struct DistributedSettings: Sendable, Equatable {
    /// Whose images the batch norms take their statistics of in training.
    public enum BatchNorm: String, Sendable, CaseIterable {
        /// Each process's own, as is usual; the running statistics are those of the first process.
        case local
        /// Those of all processes, as one process with the whole batch does (SyncBatchNorm).
        case synchronized
    }

    /// Whose images the batch norms take their statistics of in training.
    public var batchNorm = BatchNorm.local

    static let table = RecipeTable(
        blank: DistributedSettings(),
        keys: [
            .optional(
                "batch_norm", \.batchNorm, .choice, unwritten: .local,
                "Whose images the batch norms take their statistics of in training, where several processes "
                    + "train: each process's own, or those of all.")
        ])
}

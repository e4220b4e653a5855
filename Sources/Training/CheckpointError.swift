/// A checkpoint that cannot be used.
public enum CheckpointError: Error, CustomStringConvertible {
    case foreign(path: String, reason: String)
    case damaged(path: String, expected: String, found: String)
    case unreadable(path: String, reason: String)
    case unfit(run: String, reason: String)

    /// What happened, what was expected, and the remedy.
    public var description: String {
        switch self {
        case .foreign(let path, let reason):
            "\(path) is not a checkpoint of this tool: \(reason). Nothing was changed. Move the file away to "
                + "start the run over."
        case .damaged(let path, let expected, let found):
            "\(path) is damaged: its SHA-256 should be \(expected.prefix(16))…, found "
                + "\(found.prefix(16))…. Nothing was changed. Restore the file, or move it away to start "
                + "the run over."
        case .unreadable(let path, let reason):
            "\(path) could not be read: \(reason). Nothing was changed. Check its permissions, or move it "
                + "away to start the run over."
        case .unfit(let run, let reason):
            "the checkpoint of \(run) is of other networks, and nothing was changed: \(reason)"
        }
    }
}

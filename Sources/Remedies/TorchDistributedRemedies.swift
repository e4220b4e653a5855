import TorchDistributed

extension ProcessGroupError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .portInUse, .noStore, .noFile, .usedFile, .notConnected, .ended: nil
        case .absent:
            "start as many processes as WORLD_SIZE says, or wait longer with --timeout SECONDS"
        case .silent, .storeLost, .gone, .failed:
            command == .run
                ? "repeat the command with --resume for all processes, to go on from the last checkpoint"
                : "repeat the command for all processes"
        }
    }
}

extension LaunchError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .missing, .outOfRange, .noProgram: nil
        case .killed:
            "see what ended it, such as a lack of memory (dmesg)"
                + (command == .run ? ", and repeat the command with --resume" : "")
        }
    }
}

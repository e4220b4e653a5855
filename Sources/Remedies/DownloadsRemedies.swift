import Downloads

extension FetchError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .unsupportedAddress: "give one with --url"
        case .builtWithoutDownloads:
            "get the file with `curl -LO` and give its address with --url"
        case .httpStatus: "check the address or give another with --url"
        case .wrongChecksum(_, _, _, removed: true):
            "the download has been removed: try again, or give another address with --url"
        case .wrongSize:
            "give the address of the published file with --url, or take this one with --unverified"
        case .tooLittleSpace: "free some space, or give another folder with --data"
        case .interrupted(_, 0, _, _): "run the same command again when the server can be reached"
        case .interrupted(_, _, let part, _): "run the same command again to resume from \(part)"
        case .changedOnServer, .wrongChecksum, .differentFile, .fileMissing: nil
        }
    }
}

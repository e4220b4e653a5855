/// An archive that cannot be read or must not be unpacked.
public enum ArchiveError: Error, Equatable {
    /// The file is neither a tar archive nor a gzip file of one.
    case notArchive(path: String)
    /// The compressed bytes contradict themselves or their checksum.
    case corruptGzip(path: String, reason: String)
    /// The archive ends before its end was announced; `missing` names what was being read.
    case truncated(path: String, missing: String)
    /// A header is not one of the archive's format; `member` is the last one before it.
    case corruptHeader(path: String, member: String?, reason: String)
    /// A member would land outside the folder that the archive is unpacked to.
    case unsafePath(path: String, member: String)
    /// A member is a link, a device or another thing that is neither a file nor a folder.
    case unsupportedMember(path: String, member: String, kind: String)
}

extension ArchiveError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .notArchive(let path):
            "\(path): expected a tar archive, or one packed by gzip, found another kind of file; "
                + "remove it and fetch it again"
        case .corruptGzip(let path, let reason):
            "\(path): expected intact gzip data, found: \(reason); remove the archive and fetch it "
                + "again"
        case .truncated(let path, let missing):
            "\(path): expected \(missing), found the end of the archive; remove it and fetch it "
                + "again"
        case .corruptHeader(let path, let member, let reason):
            "\(path): expected a tar header \(member.map { "behind \"\($0)\"" } ?? "at its beginning"), "
                + "found: \(reason); remove the archive and fetch it again"
        case .unsafePath(let path, let member):
            "\(path): expected members inside the archive's folder, found \"\(member)\", which "
                + "leaves it; do not trust this archive and get it from its publisher"
        case .unsupportedMember(let path, let member, let kind):
            "\(path): expected only files and folders, found \"\(member)\", which is \(kind); do "
                + "not trust this archive and get it from its publisher"
        }
    }
}

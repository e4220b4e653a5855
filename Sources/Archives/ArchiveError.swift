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
    /// The file is no zip archive, or not all of one: its list of members at the end is not there.
    case notZip(path: String)
    /// A record of a zip archive is not as the format has it; `member` is the last one before it.
    case corruptZip(path: String, member: String?, reason: String)
    /// The bytes of a zip archive's member are damaged, or packed in a way that is not read.
    case corruptMember(path: String, member: String, reason: String)
    /// A member would land outside the folder that the archive is unpacked to.
    case unsafePath(path: String, member: String)
    /// There is too little space for the members; `folder` is where they should go.
    case tooLittleSpace(path: String, folder: String, needed: Int, free: Int)
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
        case .notZip(let path):
            "\(path): expected a zip archive, with the list of its members at its end, found none; the "
                + "file is cut off or of another kind; remove it and fetch it again"
        case .corruptZip(let path, let member, let reason):
            "\(path): expected a zip record \(member.map { "behind \"\($0)\"" } ?? "of a first member"), "
                + "found: \(reason); remove the archive and fetch it again"
        case .corruptMember(let path, let member, let reason):
            "\(path): expected intact bytes of \"\(member)\", found: \(reason); remove the archive and "
                + "fetch it again"
        case .unsafePath(let path, let member):
            "\(path): expected members inside the archive's folder, found \"\(member)\", which "
                + "leaves it; do not trust this archive and get it from its publisher"
        case .tooLittleSpace(let path, let folder, let needed, let free):
            "\(folder): expected \(needed >> 20 + 1) MiB of free space to unpack \(path), found "
                + "\(free >> 20) MiB; free some space, or choose another folder"
        case .unsupportedMember(let path, let member, let kind):
            "\(path): expected only files and folders, found \"\(member)\", which is \(kind); do "
                + "not trust this archive and get it from its publisher"
        }
    }
}

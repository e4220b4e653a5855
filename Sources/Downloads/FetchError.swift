/// A data set that could not be fetched.
public enum FetchError: Error, Equatable {
    /// The address is of a kind that this tool does not download from.
    case unsupportedAddress(url: String)
    /// This program is the statically linked one, which only takes `file://` addresses.
    case builtWithoutDownloads(url: String)
    /// The server answered with another status than success.
    case httpStatus(url: String, status: Int)
    /// The connection failed too often; what has arrived stays in `part`.
    case interrupted(url: String, receivedBytes: Int, part: String, reason: String)
    /// The server has another file than the one that the bytes in `part` belong to.
    case changedOnServer(url: String, part: String, was: String, now: String)
    /// A file of another size than the published one is offered.
    case wrongSize(url: String, expected: Int, found: Int)
    /// The disk has too little space for a file.
    case tooLittleSpace(folder: String, needed: Int, free: Int)
    /// An archive is not the published one; `removed` tells whether it was a download of ours.
    case wrongChecksum(path: String, expected: String, found: String, removed: Bool)
    /// A file of the data set is there already, but not as it was published.
    case differentFile(path: String, expectedBytes: Int, foundBytes: Int)
    /// The archive is unpacked, but did not hold a file of the data set.
    case fileMissing(dataset: String, file: String, archive: String)
}

extension FetchError: CustomStringConvertible {
    /// One sentence: the thing, what was expected, what was found, and the remedy.
    public var description: String { "\(problem); \(remedy)" }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .unsupportedAddress(let url):
            "\(url): expected an address that begins with http://, https:// or file://, found another"
        case .builtWithoutDownloads(let url):
            "\(url): expected an address that begins with file://, since this statically linked "
                + "program cannot download"
        case .httpStatus(let url, let status):
            "\(url): expected HTTP status 200 or 206, found \(status)"
        case .interrupted(let url, let received, _, let reason):
            "\(url): expected the whole archive, found a connection that failed after \(received) "
                + "bytes (\(reason))"
        case .changedOnServer(let url, let part, let was, let now):
            "\(url): expected the file of which \(part) holds the beginning (\(was)), found that it has "
                + "changed on the server since (\(now))"
        case .wrongSize(let url, let expected, let found):
            "\(url): expected \(expected) bytes as published, found \(found)"
        case .tooLittleSpace(let folder, let needed, let free):
            "\(folder): expected \(needed >> 20 + 1) MiB of free space for the download, found "
                + "\(free >> 20) MiB"
        case .wrongChecksum(let path, let expected, let found, _):
            "\(path): expected an archive with MD5 \(expected), found \(found)"
        case .differentFile(let path, let expected, let found):
            "\(path): expected \(expected) bytes as published, found \(found)"
        case .fileMissing(let dataset, let file, let archive):
            "\(archive): expected the file \(file) of \(dataset), found none"
        }
    }

    private var remedy: String {
        switch self {
        case .unsupportedAddress: "use one that does"
        case .builtWithoutDownloads: "get the file with another program and use its address"
        case .httpStatus: "check the address or use another"
        case .interrupted(_, 0, _, _): "fetch again when the server can be reached"
        case .interrupted(_, _, let part, _): "fetch again to resume from \(part)"
        case .changedOnServer(_, let part, _, _): "remove \(part) to fetch the new file"
        case .wrongSize: "use an address that has the published file"
        case .tooLittleSpace: "free some space, or choose another folder"
        case .wrongChecksum(_, _, _, removed: true):
            "the download has been removed: try again, or use another address"
        case .wrongChecksum: "remove the file and fetch the data set again"
        case .differentFile:
            "move the file away and fetch again, since files that exist are never overwritten"
        case .fileMissing: "remove the archive and fetch the data set again"
        }
    }
}

import Archives
import Basics
import Foundation

/// Brings a published data set to a folder: downloads, verifies and unpacks its archive.
///
/// What is there already is not fetched again, and a download that was cut off is resumed. The
/// archive stays beside the folder it unpacks to.
public struct DatasetFetcher: Sendable {
    /// How far a download has come.
    public struct Progress: Sendable, Equatable {
        /// The number of bytes that have arrived, those of an earlier attempt included.
        public let receivedBytes: Int
        /// The number of bytes of the whole archive, where the server tells it.
        public let totalBytes: Int?
    }

    /// What had to be done.
    public enum Outcome: Sendable, Equatable {
        /// Every file was there as published.
        case alreadyComplete
        /// The archive was there and has been unpacked.
        case unpacked
        /// The archive has been downloaded and unpacked.
        case downloaded
    }

    private let published: PublishedArchive
    private let directory: URL
    private let source: URL
    private let md5: String
    private let retryDelay: Duration

    /// Describes what to fetch and where to put it.
    ///
    /// - Parameters:
    ///   - archive: The published archive.
    ///   - directory: The folder that is to hold the data set's folder, or that folder itself.
    ///   - source: An address to use instead of the publisher's.
    ///   - md5: The archive's MD5 in hexadecimal, if it is not the published archive.
    ///   - retryDelay: The wait before a lost connection is tried again, longer each time.
    public init(
        _ archive: PublishedArchive, into directory: URL, from source: URL? = nil,
        md5: String? = nil,
        retryDelay: Duration = .seconds(1)
    ) {
        published = archive
        self.directory =
            directory.lastPathComponent == archive.folderName
            ? directory.deletingLastPathComponent() : directory
        self.source = source ?? archive.url
        self.md5 = md5 ?? archive.md5
        self.retryDelay = retryDelay
    }

    /// Fetches the data set.
    ///
    /// - Parameter progress: Is told about each piece that arrives, on a thread of the download.
    /// - Returns: What had to be done.
    /// - Throws: A `FetchError`, `ArchiveError` or `FileError`, or a `CancellationError`.
    public func fetch(
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> Outcome {
        guard try missingFile() != nil else { return .alreadyComplete }
        try Disk.makeDirectory(directory)
        let archive = directory.appendingPathComponent(published.fileName)
        let isThere = Disk.exists(archive)
        if isThere {
            try verify(archive, isOurs: false)
        } else {
            let part = archive.appendingPathExtension("part")
            try await Download(from: source, to: part, retryDelay: retryDelay, progress).run()
            try verify(part, isOurs: true)
            try Disk.move(part, to: archive)
        }
        try ArchiveReader(archive).extract(into: directory)
        if let file = try missingFile() {
            throw FetchError.fileMissing(
                dataset: published.dataset, file: file.name, archive: archive.path)
        }
        return isThere ? .unpacked : .downloaded
    }

    /// The first file that is not there yet.
    private func missingFile() throws -> PublishedArchive.File? {
        let folder = directory.appendingPathComponent(published.folderName)
        var missing: PublishedArchive.File?
        for file in published.files {
            let url = folder.appendingPathComponent(file.name)
            guard Disk.exists(url) else {
                missing = missing ?? file
                continue
            }
            let found = try FileChunks(path: url.path).byteCount
            guard found == file.byteCount else {
                throw FetchError.differentFile(
                    path: url.path, expectedBytes: file.byteCount, foundBytes: found)
            }
        }
        return missing
    }

    /// Refuses an archive that is not the published one, and removes it if it is a download: kept,
    /// it would spoil every later attempt, which resumes from it.
    private func verify(_ archive: URL, isOurs: Bool) throws {
        let found = try ArchiveDigest.md5(archive.path)
        guard found != md5, try !ArchiveDigest.holdsPublishedFiles(of: published, archive) else {
            return
        }
        if isOurs {
            try Disk.remove(archive)
        }
        throw FetchError.wrongChecksum(
            path: archive.path, expected: md5, found: found, removed: isOurs)
    }
}

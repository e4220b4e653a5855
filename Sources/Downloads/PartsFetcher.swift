import Archives
import Basics
import Foundation

/// Brings zip archives of a published data set to a folder: downloads, verifies and unpacks them.
///
/// What is there already is not fetched again. A download or an unpacking that was cut off goes on where it ended.
/// Files that exist are never overwritten, and the archives stay beside the folders they unpack to.
public struct PartsFetcher: Sendable {
    /// What is being done with a part.
    public enum Activity: Sendable, Equatable {
        /// The archive is on its way.
        case downloading
        /// Its digest is computed.
        case verifying
        /// Its members are written.
        case unpacking
    }

    /// How far the work on a part has come.
    public struct Progress: Sendable, Equatable {
        /// The name of the archive's file.
        public let file: String
        /// What is being done with it.
        public let activity: Activity
        /// The number of bytes that are done, those of an earlier attempt included.
        public let doneBytes: Int
        /// The number of bytes in all, where that is known.
        public let totalBytes: Int?
    }

    /// What had to be done for a part.
    public struct Outcome: Sendable, Equatable {
        /// The part.
        public let part: PublishedParts.Part
        /// What had to be done.
        public let work: DatasetFetcher.Outcome
        /// Whether its archive is the published one; nil where there was none to look at.
        public let isPublished: Bool?
    }

    let published: PublishedParts
    private let parts: [PublishedParts.Part]
    private let directory: URL
    let source: URL
    let takesOthers: Bool
    let retryDelay: Duration

    /// Describes what to fetch and where to put it.
    ///
    /// - Parameters:
    ///   - published: The data set.
    ///   - parts: Those that are wanted; all where it is nil.
    ///   - directory: The folder that is to hold the folders of the parts.
    ///   - source: An address to use instead of the publisher's: of a folder with the archives, in folders as the
    ///     publisher has them or not; or of the archive itself, where one part is wanted.
    ///   - takesOthers: Whether archives of other sizes and digests than the published ones are taken too.
    ///   - retryDelay: The wait before a lost connection is tried again, longer each time.
    public init(
        _ published: PublishedParts, parts: [PublishedParts.Part]? = nil, into directory: URL,
        from source: URL? = nil, takesOthers: Bool = false, retryDelay: Duration = .seconds(1)
    ) {
        self.published = published
        self.parts = parts ?? published.parts
        self.directory = directory
        self.source = source ?? published.url
        self.takesOthers = takesOthers
        self.retryDelay = retryDelay
    }

    /// Fetches the parts, one after the other.
    ///
    /// - Parameters:
    ///   - progress: Is told how far the work has come, on any thread.
    ///   - finish: Is told what had to be done for a part as soon as that is done.
    /// - Throws: A `FetchError`, `ArchiveError` or `FileError`, or a `CancellationError`.
    public func fetch(
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        finish: (Outcome) -> Void = { _ in }
    ) async throws {
        try Disk.makeDirectory(directory)
        for part in parts { finish(try await fetch(part, progress)) }
    }

    private func fetch(
        _ part: PublishedParts.Part, _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> Outcome {
        @Sendable func report(_ activity: Activity, _ done: Int, _ total: Int?) {
            progress(
                Progress(
                    file: part.fileName, activity: activity, doneBytes: done, totalBytes: total))
        }
        let archive = directory.appendingPathComponent(part.fileName)
        let isThere = Disk.exists(archive)
        if try isComplete(part) || isThere && isUnpacked(archive) {
            return Outcome(part: part, work: .alreadyComplete, isPublished: nil)
        }
        var file = archive
        if !isThere {
            file = archive.appendingPathExtension("part")
            try await download(part, to: file) { report(.downloading, $0, $1) }
        }
        let isPublished = try verify(file, part, isOurs: !isThere) { report(.verifying, $0, $1) }
        if !isThere { try Disk.move(file, to: archive) }
        try requireFit(archive)
        try ZipReader(archive).extract(into: directory) {
            report(.unpacking, $0.doneBytes, $0.totalBytes)
        }
        return Outcome(
            part: part, work: isThere ? .unpacked : .downloaded, isPublished: isPublished)
    }

    /// Whether a part's folder holds all that was published.
    private func isComplete(_ part: PublishedParts.Part) throws -> Bool {
        let folder = directory.appendingPathComponent(part.folderName)
        guard Disk.isDirectory(folder) else { return false }
        let names = Set(try Disk.contents(of: folder).map(\.lastPathComponent))
        return switch part.contents {
        case .files(let wanted): names.isSuperset(of: wanted)
        case .count(let count): names.count { !$0.hasPrefix(".") } >= count
        }
    }

    /// Whether every file of an archive that is there lies where it unpacks to; not where it cannot be read, which
    /// verifying it will tell.
    private func isUnpacked(_ archive: URL) -> Bool {
        do {
            return try missing(of: archive).isEmpty
        } catch {
            return false
        }
    }

    /// The members of an archive that are not in the folder.
    ///
    /// - Throws: `FetchError.differentFile` where a file of another size has a member's place.
    private func missing(of archive: URL) throws -> [ZipReader.Member] {
        try ZipReader(archive).members().filter { member in
            let place = directory.appendingPathComponent(member.path)
            guard Disk.exists(place) else { return true }
            guard !member.isDirectory else { return false }
            let found = try FileChunks(path: place.path).byteCount
            guard found == member.byteCount else {
                throw FetchError.differentFile(
                    path: place.path, expectedBytes: member.byteCount, foundBytes: found)
            }
            return false
        }
    }

    private func requireFit(_ archive: URL) throws { _ = try missing(of: archive) }
}

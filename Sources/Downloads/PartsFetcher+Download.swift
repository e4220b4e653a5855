import Basics
import Foundation

extension PartsFetcher {
    /// Downloads a part's archive from the first address that has it.
    func download(
        _ part: PublishedParts.Part, to file: URL,
        _ progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws {
        var missing: (any Error)?
        for address in addresses(of: part) {
            do {
                return try await Download(
                    from: address, to: file, expectedBytes: takesOthers ? nil : part.byteCount,
                    retryDelay: retryDelay
                ) { progress($0.receivedBytes, $0.totalBytes) }.run()
            } catch let error where Self.saysMissing(error) {
                missing = missing ?? error
            }
        }
        if let missing { throw missing }
    }

    /// Where a part's archive may be: as the publisher has it, or beside the others.
    private func addresses(of part: PublishedParts.Part) -> [URL] {
        guard source.pathExtension.lowercased() != "zip" else { return [source] }
        let own = source.appendingPathComponent(part.path)
        return source == published.url
            ? [own] : [own, source.appendingPathComponent(part.fileName)]
    }

    private static func saysMissing(_ error: any Error) -> Bool {
        switch error {
        case FetchError.httpStatus(_, let status): [403, 404, 410].contains(status)
        case FileError.cannotRead: true
        default: false
        }
    }

    /// Refuses an archive that is not the published one, unless others are taken too, and removes it if it is a
    /// download: kept, it would spoil every later attempt, which resumes from it.
    ///
    /// - Returns: Whether it is the published one.
    func verify(
        _ archive: URL, _ part: PublishedParts.Part, isOurs: Bool,
        _ progress: (Int, Int?) -> Void
    ) throws -> Bool {
        let byteCount = try FileChunks(path: archive.path).byteCount
        guard byteCount == part.byteCount || !takesOthers else { return false }
        let found = try ArchiveDigest.md5(archive.path) { progress($0, byteCount) }
        guard found != part.md5 else { return true }
        guard !takesOthers else { return false }
        if isOurs { try Disk.remove(archive) }
        throw FetchError.wrongChecksum(
            path: archive.path, expected: part.md5, found: found, removed: isOurs)
    }
}

import Basics
import Foundation

/// One file on its way from an address to the disk, over as many connections as it takes.
///
/// A part left by an earlier process is taken up where it ends, unless the server says that it has
/// another file now. Whoever uses the file verifies its checksum all the same.
struct Download: Sendable {
    typealias Progress = DatasetFetcher.Progress

    /// A connection that failed, which is worth another try.
    struct Interruption: Error {
        let reason: String
    }

    /// The number of connections in a row that may fail without bringing a new byte.
    private static let maximumFailures = 4

    private let source: URL
    private let part: URL
    private let expectedBytes: Int?
    private let retryDelay: Duration
    private let progress: @Sendable (Progress) -> Void

    /// Describes a download.
    ///
    /// - Parameters:
    ///   - source: The address.
    ///   - part: Where the bytes go.
    ///   - expectedBytes: The size that the file must have; any where it is nil.
    ///   - retryDelay: The wait before a lost connection is tried again, longer each time.
    ///   - progress: Is told about each piece that arrives, on a thread of the download.
    init(
        from source: URL, to part: URL, expectedBytes: Int? = nil, retryDelay: Duration,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) {
        self.source = source
        self.part = part
        self.expectedBytes = expectedBytes
        self.retryDelay = retryDelay
        self.progress = progress
    }

    func run() async throws {
        switch source.scheme?.lowercased() {
        case "http", "https": try await downloadWithRetries()
        case "file": try copy()
        default: throw FetchError.unsupportedAddress(url: source.absoluteString)
        }
        try DownloadOrigin.remove(of: part)
    }

    /// Refuses a file of another size than is expected.
    static func verify(_ found: Int?, _ expected: Int?, of source: URL) throws(FetchError) {
        guard let found, let expected, found != expected else { return }
        throw .wrongSize(url: source.absoluteString, expected: expected, found: found)
    }

    /// Refuses to begin what the disk has no room for.
    static func requireSpace(_ needed: Int, for part: URL) throws(FetchError) {
        let folder = part.deletingLastPathComponent()
        guard let free = Disk.freeBytes(at: folder), free < needed else { return }
        throw .tooLittleSpace(folder: folder.path, needed: needed, free: free)
    }

    #if WITHOUT_DOWNLOADS
        /// The statically linked program does without Foundation's networking and its libraries.
        private func downloadWithRetries() async throws {
            throw FetchError.builtWithoutDownloads(url: source.absoluteString)
        }
    #else
        private func downloadWithRetries() async throws {
            var failures = 0
            while true {
                let start = try partBytes()
                do {
                    return try await HTTPTransfer(
                        from: source, to: part, start: start, expectedBytes: expectedBytes, progress
                    ).run()
                } catch let interruption as Interruption {
                    let received = try partBytes()
                    failures = received > start ? 1 : failures + 1
                    guard failures < Self.maximumFailures else {
                        throw FetchError.interrupted(
                            url: source.absoluteString, receivedBytes: received, part: part.path,
                            reason: interruption.reason)
                    }
                    try await Task.sleep(for: retryDelay * failures)
                }
            }
        }
    #endif

    private func partBytes() throws -> Int {
        Disk.exists(part) ? try FileChunks(path: part.path).byteCount : 0
    }

    private func copy() throws {
        let chunks = try FileChunks(path: source.path)
        try Self.verify(chunks.byteCount, expectedBytes, of: source)
        try Self.requireSpace(chunks.byteCount - partBytes(), for: part)
        let sink = try FileSink(path: part.path, .truncating)
        var received = 0
        try chunks.forEachChunk {
            try sink.write($0)
            received += $0.count
            progress(Progress(receivedBytes: received, totalBytes: chunks.byteCount))
        }
        try sink.synchronize()
    }
}

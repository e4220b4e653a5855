import Basics
import Foundation

/// One file on its way from an address to the disk, over as many connections as it takes.
///
/// A part left by an earlier process is taken up where it ends. That it belongs to the same file
/// is not asked of the server here: whoever uses the file verifies its checksum.
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
    private let retryDelay: Duration
    private let progress: @Sendable (Progress) -> Void

    init(
        from source: URL, to part: URL, retryDelay: Duration,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) {
        self.source = source
        self.part = part
        self.retryDelay = retryDelay
        self.progress = progress
    }

    func run() async throws {
        switch source.scheme?.lowercased() {
        case "http", "https": try await downloadWithRetries()
        case "file": try copy()
        default: throw FetchError.unsupportedAddress(url: source.absoluteString)
        }
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
                    return try await HTTPTransfer(from: source, to: part, start: start, progress)
                        .run()
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

import ArgumentParser
import Downloads
import Foundation
import Synchronization
import Terminal
import VisionData

/// `reviewkd datasets`.
struct DatasetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "Download data sets.", subcommands: [Fetch.self])

    /// `reviewkd datasets fetch`.
    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a data set, check it and unpack it.")

        @Argument(help: "\(KnownDatasets.names(of: KnownDatasets.published)).")
        var dataset: String

        @Option(help: "The folder in which the data set's folder is made.")
        var data: String

        @Option(help: "Download from this address instead of the publisher's.")
        var url: String?

        @Flag(help: "Show no progress, only results, warnings and errors.")
        var quiet = false

        func validate() throws {
            _ = try published()
            if let url, URL(string: url)?.scheme == nil {
                throw ValidationError("--url is '\(url)', expected a URL as https://…")
            }
        }

        private func published() throws -> PublishedArchive {
            let found = try KnownDatasets.named(dataset, among: KnownDatasets.published)
            guard let archive = found.archive else {
                throw ValidationError("\(found) has no archive to download")
            }
            return archive
        }

        func run() async throws {
            let archive = try published()
            let fetcher = DatasetFetcher(
                archive, into: URL(fileURLWithPath: data, isDirectory: true),
                from: url.flatMap { URL(string: $0) })
            let bar = DownloadBar(quiet: quiet)
            defer { bar.finish() }
            let outcome = try await fetcher.fetch { bar.show($0) }
            switch outcome {
            case .alreadyComplete:
                print("\(archive.dataset) is complete in \(data); nothing was downloaded.")
            case .unpacked:
                print("\(archive.dataset) was unpacked from the archive in \(data).")
            case .downloaded:
                print("\(archive.dataset) was downloaded, checked and unpacked in \(data).")
            }
        }
    }
}

/// Shows a download's progress on standard error; called from the download's thread.
private final class DownloadBar: Sendable {
    private let quiet: Bool
    private let stream = StandardError.shared
    private let lastShown = Mutex(ContinuousClock.now - .seconds(60))

    init(quiet: Bool) { self.quiet = quiet }

    func show(_ progress: DatasetFetcher.Progress) {
        let pause = Duration.seconds(stream.isTerminal ? 0.1 : 15)
        let isDue = lastShown.withLock { last in
            let now = ContinuousClock.now
            guard now - last >= pause else { return false }
            last = now
            return true
        }
        guard !quiet, isDue else { return }
        let received = "\(progress.receivedBytes >> 20) MiB"
        let text =
            progress.totalBytes.map { total in
                let share = 100 * progress.receivedBytes / max(total, 1)
                return "\(received) of \(total >> 20) MiB (\(share) %)"
            } ?? received
        if stream.isTerminal {
            stream.showStatus { text.cut(toColumns: $0) }
        } else {
            printError(text)
        }
    }

    func finish() { stream.clearStatus() }
}

import ArgumentParser
import Downloads
import Foundation
import Terminal

/// `reviewkd datasets`.
struct DatasetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "Download data sets.", subcommands: [Fetch.self])

    /// `reviewkd datasets fetch`.
    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a data set, check it and unpack it.")

        @Argument(help: "\(PublishedDataset.names).")
        var dataset: String

        @Option(help: "The folder in which the data set's folder is made, of coco2017 its folders.")
        var data: String

        @Option(
            help: """
                Download from this address instead of the publisher's: an archive, or a folder with the \
                archives of coco2017.
                """)
        var url: String?

        @Option(help: "Which parts of coco2017: annotations, val, train (default: all).")
        var parts: String?

        @Flag(
            help: """
                Take zips of other sizes and digests than the published ones too, such as those of a \
                smaller set.
                """)
        var unverified = false

        @Flag(help: "Show no progress, only results, warnings and errors.")
        var quiet = false

        func validate() throws {
            if let url, URL(string: url)?.scheme == nil {
                throw ValidationError("--url is '\(url)', expected a URL as https://…")
            }
            switch try PublishedDataset(named: dataset) {
            case .archive(let archive):
                guard parts == nil, !unverified else {
                    let option = parts == nil ? "--unverified" : "--parts"
                    throw ValidationError(
                        "\(archive.dataset) has no use for \(option); leave it out")
                }
            case .parts(let published):
                let count = try published.parts(named: parts).count
                guard count == 1 || url?.lowercased().hasSuffix(".zip") != true else {
                    throw ValidationError(
                        "--url is the address of one zip, but \(count) are to be fetched; choose one with "
                            + "--parts, or give the address of their folder")
                }
            }
        }

        func run() async throws {
            switch try PublishedDataset(named: dataset) {
            case .archive(let archive): try await fetch(archive)
            case .parts(let published): try await fetch(published)
            }
        }

        private var folder: URL { URL(fileURLWithPath: data, isDirectory: true) }

        private func fetch(_ archive: PublishedArchive) async throws {
            let fetcher = DatasetFetcher(
                archive, into: folder, from: url.flatMap { URL(string: $0) })
            let progress = ByteProgress(quiet: quiet)
            defer { progress.finish() }
            let outcome = try await fetcher.fetch {
                progress.show($0.receivedBytes, of: $0.totalBytes)
            }
            switch outcome {
            case .alreadyComplete:
                print("\(archive.dataset) is complete in \(data); nothing was downloaded.")
            case .unpacked:
                print("\(archive.dataset) was unpacked from the archive in \(data).")
            case .downloaded:
                print("\(archive.dataset) was downloaded, checked and unpacked in \(data).")
            }
        }

        private func fetch(_ published: PublishedParts) async throws {
            let fetcher = PartsFetcher(
                published, parts: try published.parts(named: parts), into: folder,
                from: url.flatMap { URL(string: $0) }, takesOthers: unverified)
            let progress = ByteProgress(quiet: quiet)
            defer { progress.finish() }
            try await fetcher.fetch {
                progress.show($0.doneBytes, of: $0.totalBytes, "\($0.activity) \($0.file)")
            } finish: { outcome in
                print("\(published.dataset): \(text(outcome))")
            }
        }

        private func text(_ outcome: PartsFetcher.Outcome) -> String {
            let (part, file) = (outcome.part, "\(data)/\(outcome.part.fileName)")
            let size = "\(part.byteCount >> 20) MiB"
            let other = "It is not the published archive: its size and digest were not checked."
            switch (outcome.work, outcome.isPublished ?? true) {
            case (.alreadyComplete, _):
                return "\(part.name) is complete in \(data); nothing was downloaded."
            case (.unpacked, true):
                return "\(part.name) was checked and unpacked from \(file)."
            case (.unpacked, false):
                return "\(part.name) was unpacked from \(file). \(other)"
            case (.downloaded, true):
                return "\(part.name) was downloaded, checked and unpacked in \(data). "
                    + "\(file) (\(size)) is no longer needed."
            case (.downloaded, false):
                return "\(part.name) was downloaded and unpacked in \(data). \(other)"
            }
        }
    }
}

import Basics
import ImageFolders
import VisionData

extension DatasetError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .unknown, .hasObjects: nil
        case .noFolder(let dataset): Self.remedy(ofNoFolderFor: dataset)
        }
    }

    private static func remedy(ofNoFolderFor dataset: String) -> String {
        let named = "name the one that holds the data set with --data"
        let isPublished = Dataset.all.contains { $0.name == dataset && $0.archive != nil }
        return named
            + (isPublished
                ? ", or get it with `reviewkd datasets fetch \(dataset) --data DIR`" : "")
    }
}

extension CIFARError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .notFound(let dataset, let directory, _),
            .fileMissing(let dataset, _, _, let directory):
            "run `reviewkd datasets fetch \(dataset.name) \(ShellWord.option("--data", directory))`, which "
                + "downloads the archive from its publisher, verifies it and adds the files that are missing"
        case .folderMissing(let dataset, let directory):
            "check --data, or run `reviewkd datasets fetch \(dataset.name) "
                + "\(ShellWord.option("--data", directory))` to download the data set there"
        case .truncatedFile, .tooManyImages, .foreignLabel, .foreignPickle: nil
        }
    }
}

extension TooManyUnreadable: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch command {
        case .bench: nil
        case .predict: "mend them, or leave them out"
        case .run, .study, .fetch, .other:
            "mend or remove them, or allow more with --max-unreadable \(found.count)"
        }
    }
}

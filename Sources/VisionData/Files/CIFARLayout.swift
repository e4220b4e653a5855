import Foundation

/// Where and in which of its two layouts a CIFAR data set lies.
enum CIFARLayout: Equatable {
    /// A folder with the publisher's binary files.
    case binary(URL)
    /// A folder with the publisher's pickles, as torchvision keeps them.
    case pickles(URL)
    /// The published archive of binary files.
    case archive(URL)

    /// Finds a data set.
    ///
    /// - Parameters:
    ///   - dataset: The data set.
    ///   - place: The folder that holds the data set's folder, that folder, or a file in it.
    /// - Throws: ``DatasetError/notFound(dataset:directory:found:)``
    init(of dataset: CIFARDataset, at place: URL) throws {
        var directory = place
        if Disk.exists(place), !Disk.isDirectory(place) {
            directory = place.deletingLastPathComponent()
        }
        // Unpacking into a folder of the archive's name doubles it.
        func folders(_ name: String) -> [URL] {
            let inner = directory.appendingPathComponent(name)
            return [inner.appendingPathComponent(name), inner, directory]
        }
        for (names, folder, make) in [
            (dataset.allFiles.map(\.name), dataset.folderName, Self.binary),
            (dataset.allFiles.map(\.pickleName), dataset.pickleFolderName, Self.pickles),
        ] {
            let holding = folders(folder).first { folder in
                names.contains { Disk.isFile(folder.appendingPathComponent($0)) }
            }
            if let holding {
                self = make(holding)
                return
            }
        }
        // A folder of the right name without files, so that the error can say which is missing.
        let empty = folders(dataset.folderName).dropFirst().first {
            $0.lastPathComponent == dataset.folderName && Disk.isDirectory($0)
        }
        let archive = directory.appendingPathComponent(dataset.archiveName)
        if let empty {
            self = .binary(empty)
        } else if Disk.exists(archive) {
            self = .archive(archive)
        } else {
            throw DatasetError.notFound(
                dataset: dataset, directory: place.path, found: Self.names(in: directory))
        }
    }

    /// What lies in a folder, for the error; nothing where it cannot be read.
    private static func names(in directory: URL) -> [String] {
        guard let contents = try? Disk.contents(of: directory) else { return [] }
        return contents.map { $0.lastPathComponent + (Disk.isDirectory($0) ? "/" : "") }.sorted()
    }
}

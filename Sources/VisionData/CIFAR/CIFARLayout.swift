import Basics
import Foundation

/// Where and in which of its layouts a CIFAR data set lies.
enum CIFARLayout: Equatable {
    /// A folder with the publisher's binary files.
    case binary(URL)
    /// A folder with the publisher's pickles, as torchvision keeps them.
    case pickles(URL)
    /// The published archive of binary files, or that of pickles.
    case archive(URL, pickles: Bool)

    /// Finds the layout to read a split from: a folder that has all of its files, else an archive, else a
    /// folder that has any file of the data set.
    ///
    /// - Parameters:
    ///   - dataset: The data set.
    ///   - split: The split.
    ///   - directory: The folder that holds the data set's folder, or that folder.
    /// - Throws: `CIFARError/notFound(dataset:directory:found:)`, or `folderMissing` where nothing is there.
    init(of dataset: CIFARDataset, _ split: CIFARDataset.Split, in directory: URL) throws {
        // Unpacking into a folder of the archive's name doubles it.
        func folders(_ name: String) -> [URL] {
            let inner = directory.appendingPathComponent(name)
            return [inner.appendingPathComponent(name), inner, directory]
        }
        let binary = folders(dataset.folderName).map(Self.binary)
        let all = binary + folders(dataset.pickleFolderName).map(Self.pickles)
        // A folder of the right name without files, so that the error can say which is missing.
        let empty = folders(dataset.folderName).dropFirst().first {
            $0.lastPathComponent == dataset.folderName && Disk.isDirectory($0)
        }
        let archives = [
            (dataset.archiveName, false), (dataset.pickleArchiveName, true),
        ].map { name, pickles in (directory.appendingPathComponent(name), pickles) }
        if let whole = all.first(where: { layout in
            dataset.files(split).allSatisfy { layout.has($0, of: dataset) }
        }) {
            self = whole
        } else if let (archive, pickles) = archives.first(where: { Disk.exists($0.0) }) {
            self = .archive(archive, pickles: pickles)
        } else if let part = all.first(where: { layout in
            dataset.allFiles.contains { layout.has($0, of: dataset) }
        }) {
            self = part
        } else if let empty {
            self = .binary(empty)
        } else if !Disk.exists(directory) {
            throw CIFARError.folderMissing(dataset: dataset, directory: directory.path)
        } else {
            throw CIFARError.notFound(
                dataset: dataset, directory: directory.path, found: Self.names(in: directory))
        }
    }

    /// The folder to look in where a user names a place: that folder, or the one of the file.
    static func folder(of place: URL) -> URL {
        Disk.isFile(place) ? place.deletingLastPathComponent() : place
    }

    private func has(_ file: CIFARDataset.File, of dataset: CIFARDataset) -> Bool {
        switch self {
        case .binary(let folder):
            return Disk.isFile(folder.appendingPathComponent(file.name))
        case .pickles(let folder):
            let url = folder.appendingPathComponent(file.pickleName)
            // Elsewhere a file called `test` or `train` may be anything.
            return Disk.isFile(url)
                && (folder.lastPathComponent == dataset.pickleFolderName
                    || CIFARPickle.begins(url))
        case .archive:
            return false
        }
    }

    /// What lies in a folder, for the error; nothing where it cannot be read.
    private static func names(in directory: URL) -> [String] {
        guard let contents = try? Disk.contents(of: directory) else { return [] }
        return contents.map { $0.lastPathComponent + (Disk.isDirectory($0) ? "/" : "") }.sorted()
    }
}

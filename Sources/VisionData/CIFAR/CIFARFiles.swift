import Archives
import Basics
import Foundation

/// Reads CIFAR-10 and CIFAR-100 from the publisher's binary files or pickles.
public enum CIFARFiles {
    /// Reads one split of a data set into memory.
    ///
    /// The folder may hold the data set's folder, or be it, or hold only the published archive of binary
    /// files or of pickles, which is then read without unpacking it. All layouts have the same images in
    /// the same order. A split with fewer images than were published is accepted, because people make
    /// subsets; its `LabelledImages/warning` says so.
    ///
    /// - Parameters:
    ///   - dataset: The data set.
    ///   - split: The split to read.
    ///   - directory: The folder to look in, or a file in it.
    /// - Returns: The images and their classes, in the published order.
    /// - Throws: A `CIFARError`, a `FileError`, or an `ArchiveError` where the archive is read.
    public static func read(
        _ dataset: CIFARDataset, _ split: CIFARDataset.Split, in directory: URL
    ) throws -> LabelledImages {
        let directory = CIFARLayout.folder(of: directory)
        return switch try CIFARLayout(of: dataset, split, in: directory) {
        case .binary(let folder):
            try readFolder(dataset, split, in: folder, directory)
        case .pickles(let folder):
            try readPickles(dataset, split, in: folder, directory)
        case .archive(let archive, let pickles):
            try readArchive(dataset, split, in: archive, pickles: pickles, directory)
        }
    }

    private static func readFolder(
        _ dataset: CIFARDataset, _ split: CIFARDataset.Split, in folder: URL, _ directory: URL
    ) throws -> LabelledImages {
        var decoder = CIFARDecoder(dataset, split)
        for file in dataset.files(split) {
            let url = try existing(file.name, of: dataset, in: folder, directory)
            let chunks = try FileChunks(path: url.path)
            try decoder.begin(file, path: url.path, bytes: chunks.byteCount)
            try chunks.forEachChunk { try decoder.append($0) }
            try decoder.end()
        }
        return decoder.images
    }

    private static func readPickles(
        _ dataset: CIFARDataset, _ split: CIFARDataset.Split, in folder: URL, _ directory: URL
    ) throws -> LabelledImages {
        var images = CIFARDecoder(dataset, split).images
        for file in dataset.files(split) {
            let url = try existing(file.pickleName, of: dataset, in: folder, directory)
            let chunks = try FileChunks(path: url.path)
            var contents = Data(capacity: chunks.byteCount)
            try chunks.forEachChunk { contents.append(contentsOf: $0) }
            let (pixels, labels) = try CIFARPickle.read(contents, file, of: dataset, path: url.path)
            images.pixels += pixels
            images.labels += labels
        }
        return images
    }

    private static func existing(
        _ name: String, of dataset: CIFARDataset, in folder: URL, _ directory: URL
    ) throws -> URL {
        let url = folder.appendingPathComponent(name)
        guard Disk.exists(url) else {
            throw CIFARError.fileMissing(
                dataset: dataset, file: name, container: folder.path, directory: directory.path)
        }
        return url
    }

    /// Decodes the members as they stream by, whatever their order in the archive.
    private static func readArchive(
        _ dataset: CIFARDataset, _ split: CIFARDataset.Split, in archive: URL, pickles: Bool,
        _ directory: URL
    ) throws -> LabelledImages {
        let files = dataset.files(split)
        let folder = pickles ? dataset.pickleFolderName : dataset.folderName
        func name(_ file: CIFARDataset.File) -> String { pickles ? file.pickleName : file.name }
        var parts: [String: LabelledImages] = [:]
        try ArchiveReader(archive).forEachMember { member, contents in
            guard let file = files.first(where: { folder + "/" + name($0) == member.path })
            else { return }
            let path = archive.path + ":" + member.path
            var decoder = CIFARDecoder(dataset, split)
            if pickles {
                var bytes = Data()
                try contents.forEachChunk { bytes.append(contentsOf: $0) }
                let (pixels, labels) = try CIFARPickle.read(bytes, file, of: dataset, path: path)
                var images = decoder.images
                images.pixels += pixels
                images.labels += labels
                parts[file.name] = images
                return
            }
            try decoder.begin(file, path: path, bytes: member.byteCount)
            try contents.forEachChunk { try decoder.append($0) }
            try decoder.end()
            parts[file.name] = decoder.images
        }
        var images = CIFARDecoder(dataset, split).images
        for file in files {
            guard let part = parts.removeValue(forKey: file.name) else {
                throw CIFARError.fileMissing(
                    dataset: dataset, file: name(file), container: archive.path,
                    directory: directory.path)
            }
            images.append(part)
        }
        return images
    }
}

extension LabelledImages {
    fileprivate mutating func append(_ other: LabelledImages) {
        guard !labels.isEmpty else {
            self = other
            return
        }
        pixels += other.pixels
        labels += other.labels
    }
}

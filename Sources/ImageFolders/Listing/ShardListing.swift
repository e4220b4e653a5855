import Archives
import Basics
import Foundation

/// Lists the images of tar shards.
///
/// A shard holds files `KEY.jpg` with `KEY.cls` beside them, as the package webdataset writes them, or images
/// in a folder for each class. The key is the path up to the first dot of the file's name, and the files of a
/// key follow each other. Only headers and classes are read.
struct ShardListing {
    private var list: ImageList
    private let progress: (Int) -> Void

    /// What names the class of images, each text once: the contents of `.cls` files, or folders.
    private var texts: [String] = []
    private var places: [String: Int] = [:]
    private var isNamedByFiles = false

    /// The first image that only its folder gives a class, as shard and key.
    private var firstWithoutFile: (shard: String, key: String)?

    /// Lists a split in shards.
    ///
    /// - Parameters:
    ///   - shards: their paths in `root`, in order.
    ///   - root: the folder.
    ///   - known: the names of the classes, where a file gives them.
    ///   - progress: told the number of images, again and again.
    /// - Returns: the images.
    /// - Throws: `ImageFolderError`, `ArchiveError`, `FileError`.
    static func list(
        _ shards: [String], in root: String, known: [String]?, progress: @escaping (Int) -> Void
    ) throws -> ImageList {
        var listing = ShardListing(list: ImageList(root: root), progress: progress)
        for shard in shards { try listing.add(shard) }
        try listing.nameClasses(known)
        return listing.list
    }

    private init(list: ImageList, progress: @escaping (Int) -> Void) {
        self.list = list
        self.progress = progress
    }

    /// The files of one key.
    private struct Sample {
        let key: Substring
        var images: [TarIndex.Entry] = []
        var label: String?
    }

    private mutating func add(_ shard: String) throws {
        let path = list.root + "/" + shard
        let first = list.count
        let file = try ShardFile(path: path)
        list.begin(ImageList.Container(path: shard, isShard: true))
        var sample: Sample?
        var hashes: [Int] = []
        func finish(_ sample: Sample?) throws {
            guard let sample, !sample.images.isEmpty else { return }
            guard sample.images.count == 1 || sample.label == nil else {
                throw ImageFolderError.repeatedKey(shard: path, key: String(sample.key))
            }
            for image in sample.images {
                let label = try place(of: sample, image, in: path)
                list.add(
                    image.path.utf8, label: label, byteCount: image.byteCount,
                    modified: file.modified, offset: image.offset)
                // With a file for the class the key is what must be one of a kind.
                hashes.append((sample.label == nil ? Substring(image.path) : sample.key).hashValue)
            }
            if list.count % 10_000 == 0 { progress(list.count) }
        }
        try TarIndex.forEachFile(of: URL(fileURLWithPath: path)) { entry in
            let key = Self.key(of: entry.path)
            if sample?.key != key {
                try finish(sample)
                sample = Sample(key: key)
            }
            if entry.path.hasSuffix(".cls") {
                sample?.label = try file.text(of: entry)
            } else if ImageKind(of: entry.path.utf8) == .readable {
                sample?.images.append(entry)
            }
        }
        try finish(sample)
        progress(list.count)
        try requireDistinct(hashes, from: first, in: path)
    }

    /// The path up to the first dot of the file's name.
    private static func key(of path: String) -> Substring {
        let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        return path[..<(name.firstIndex(of: ".") ?? path.endIndex)]
    }

    /// The place among the texts of what names an image's class.
    private mutating func place(
        of sample: Sample, _ image: TarIndex.Entry, in shard: String
    ) throws -> Int {
        let text: String
        if let label = sample.label {
            isNamedByFiles = true
            text = label
        } else {
            firstWithoutFile = firstWithoutFile ?? (shard, String(sample.key))
            guard let slash = image.path.lastIndex(of: "/") else {
                throw ImageFolderError.noClass(shard: shard, key: String(sample.key))
            }
            text = String(image.path[..<slash])
        }
        if isNamedByFiles, let (shard, key) = firstWithoutFile {
            throw ImageFolderError.noClass(shard: shard, key: key)
        }
        if let place = places[text] { return place }
        places[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }

    /// Finds equal keys by their hashes, since the keys themselves would take too much memory.
    private func requireDistinct(_ hashes: [Int], from first: Int, in shard: String) throws {
        let order = hashes.indices.sorted { hashes[$0] < hashes[$1] }
        for (one, other) in zip(order, order.dropFirst()) where hashes[one] == hashes[other] {
            let keys = [one, other].map { place -> String in
                let path = String(list.path(first + place).dropFirst(shardPrefix(first + place)))
                return isNamedByFiles ? String(Self.key(of: path)) : path
            }
            guard keys[0] != keys[1] else {
                throw ImageFolderError.repeatedKey(shard: shard, key: keys[0])
            }
        }
    }

    private func shardPrefix(_ position: Int) -> Int {
        list.location(position).file.count - list.root.count
    }

    /// Numbers the classes.
    private mutating func nameClasses(_ known: [String]?) throws {
        let numbers: [Int]
        if isNamedByFiles {
            (list.classNames, numbers) = try namedByFiles(known)
        } else {
            let folders = Self.classFolders(texts)
            list.classNames =
                known ?? ClassNames.inOrder(folders)
            numbers = try folders.map { folder in
                guard let number = list.classNames.firstIndex(of: folder) else {
                    throw ImageFolderError.badClass(
                        shard: list.root, key: folder, text: folder, known: list.classNames.count)
                }
                return number
            }
        }
        list.relabel { numbers[$1] }
    }

    private func namedByFiles(_ known: [String]?) throws -> (names: [String], numbers: [Int]) {
        let written = texts.map { Int($0) }
        let areNumbers = written.allSatisfy { $0 != nil }
        let names =
            known
            ?? ClassNames.standing(for: texts)
        let byName = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        let numbers = try texts.enumerated().map { place, text in
            let number = areNumbers ? written[place] : byName[text]
            guard let number, names.indices.contains(number) else {
                let position = (0..<list.count).first { list.label($0) == place } ?? 0
                throw ImageFolderError.badClass(
                    shard: list.location(position).file, key: list.path(position), text: text,
                    known: names.count)
            }
            return number
        }
        return (names, numbers)
    }

    /// The class in each folder's path: its first part that is not the same for all.
    private static func classFolders(_ paths: [String]) -> [String] {
        var parts = paths.map { $0.split(separator: "/")[...] }
        while let first = parts.first?.first,
            parts.allSatisfy({ $0.count > 1 && $0.first == first })
        {
            parts = parts.map { $0.dropFirst() }
        }
        return parts.map { $0.first.map(String.init) ?? "" }
    }
}

/// A shard whose small files are read while its headers are listed.
private final class ShardFile {
    /// When it was changed last, in nanoseconds since 1970.
    let modified: Int64

    private let path: String
    private let descriptor: Int32

    init(path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.reading(path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = FileError.reading(path)
            close(descriptor)
            throw error
        }
        modified = status.modified
    }

    deinit { close(descriptor) }

    /// The text of a small file, without white space around it.
    func text(of entry: TarIndex.Entry) throws(FileError) -> String {
        var bytes = [UInt8](repeating: 0, count: min(entry.byteCount, 256))
        let count = pread(descriptor, &bytes, bytes.count, off_t(entry.offset))
        guard count >= 0 else { throw FileError.reading(path) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

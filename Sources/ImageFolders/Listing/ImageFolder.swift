import Basics
import Foundation

/// A folder of photographs with a training and a validation split.
///
/// Each split is a folder `train` or `val` with a folder for each class, or tar shards of the same, or, for `val`,
/// a flat folder with a list of classes beside it.
public struct ImageFolder {
    /// A split by the name of its folder.
    public enum Split: String, Sendable, CaseIterable {
        /// The images to train on.
        case train
        /// The images to be judged by.
        case val
    }

    /// The folder.
    public let directory: String

    private let progress: (Int) -> Void

    /// Names a folder; nothing is read yet.
    ///
    /// - Parameters:
    ///   - directory: the folder that holds `train` and `val`.
    ///   - progress: told the number of images while they are listed.
    public init(_ directory: String, progress: @escaping (Int) -> Void = { _ in }) {
        self.directory = Self.withoutSlashes(directory)
        self.progress = progress
    }

    /// A folder's path without the slashes behind its name, which is how the paths of its files begin.
    package static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The images of a split, and what a reader of results should know of them.
    public struct Listing {
        /// The images.
        public let list: ImageList
        /// What a reader should know.
        public let remarks: [String]
    }

    /// Lists a split.
    ///
    /// - Returns: its images; both splits number the classes alike.
    /// - Throws: `ImageFolderError`, `ArchiveError`, `FileError`.
    public func list(_ split: Split) throws -> Listing {
        let listing = try images(of: split, progress)
        guard listing.list.count > 0 else {
            throw ImageFolderError.noImages(path: directory + "/" + split.rawValue)
        }
        // A part of the data, such as a validation set alone, is enough to measure a network.
        guard let others = try otherClasses(than: split) else { return listing }
        let own = listing.list.classNames
        guard others == own else {
            let (training, validation) = split == .train ? (own, others) : (others, own)
            throw ImageFolderError.differentClasses(
                directory: directory,
                onlyTraining: training.filter { !Set(validation).contains($0) },
                onlyValidation: validation.filter { !Set(training).contains($0) })
        }
        return listing
    }

    /// Lists all images of a folder at any depth, whatever their classes.
    ///
    /// - Throws: `FileError`; `ImageFolderError.noImages`.
    public func listFlat() throws -> Listing {
        let listing = try FolderListing.flat(directory, progress: progress)
        return Listing(list: listing.list, remarks: listing.remarks)
    }

    /// Lists the training split where there is one, else all images at any depth.
    ///
    /// - Throws: `ImageFolderError`, `ArchiveError`, `FileError`.
    public func listAny() throws -> ImageList {
        try layout(of: .train) == nil ? listFlat().list : list(.train).list
    }

    /// Lists files, whatever they are called, and the images of folders at any depth, as one class.
    ///
    /// - Parameter paths: files and folders.
    /// - Returns: the images in the order of the paths.
    /// - Throws: `FileError` where one does not exist; `ImageFolderError.noImages` for a folder without any.
    public static func list(ofPaths paths: [String]) throws -> ImageList {
        var list = ImageList(root: "", classNames: [""])
        list.begin(ImageList.Container(path: "", isShard: false))
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw FileError.cannotRead(path: path, reason: "it does not exist")
            }
            var files = [path]
            if isFolder.boolValue {
                let inside = try FolderListing.flat(path).list
                let folder = withoutSlashes(path)
                files = (0..<inside.count).map { folder + "/" + inside.path($0) }
            }
            for file in files { list.add(file.utf8, label: 0, byteCount: 0, modified: 0) }
        }
        return list
    }

    /// Where a split's images are.
    private enum Layout {
        case classFolders(String)
        case flat(String)
        case shards([String])
    }

    private func layout(of split: Split) throws -> Layout? {
        let entries = try FolderEntries(of: directory)
        func shards(_ files: [FolderEntries.Entry], _ prefix: String) -> [String] {
            files.map(\.text).filter { $0.hasSuffix(".tar") && !$0.hasPrefix(".") }.map {
                prefix + $0
            }
        }
        let name = split.rawValue
        if entries.folders.contains(where: { $0.text == name }) {
            let inside = try FolderEntries(of: directory + "/" + name)
            if inside.folders.contains(where: { !$0.isHidden }) {
                return .classFolders(directory + "/" + name)
            }
            let tars = shards(inside.files, name + "/")
            return tars.isEmpty ? .flat(directory + "/" + name) : .shards(tars)
        }
        let tars = shards(entries.files, "").filter {
            $0.hasPrefix(name + "-") || $0.hasPrefix(name + "_") || $0 == name + ".tar"
        }
        return tars.isEmpty ? nil : .shards(tars)
    }

    private func images(of split: Split, _ progress: @escaping (Int) -> Void) throws -> Listing {
        switch try layout(of: split) {
        case .classFolders(let path)?:
            let listing = try FolderListing.classes(of: path, progress: progress)
            return Listing(list: listing.list, remarks: listing.remarks)
        case .flat(let path)?:
            return try flatImages(of: split, path, progress)
        case .shards(let shards)?:
            let list = try ShardListing.list(
                shards, in: directory, known: try knownClasses(), progress: progress)
            return Listing(list: list, remarks: [])
        case nil:
            throw ImageFolderError.noSplit(
                directory: directory, split: split.rawValue,
                found: try FolderEntries(of: directory).names)
        }
    }

    private func flatImages(
        of split: Split, _ path: String, _ progress: @escaping (Int) -> Void
    ) throws -> Listing {
        let listing: FolderListing
        do {
            listing = try FolderListing.flat(path, progress: progress)
        } catch ImageFolderError.noImages {
            throw ImageFolderError.noImages(path: path)
        }
        guard split == .val, let classes = try ClassList(in: directory) else {
            throw ImageFolderError.noClasses(
                path: path, lists: split == .val ? ClassList.names.dropLast() : [])
        }
        var list = listing.list
        try classes.label(&list, classNames: try knownClasses() ?? otherClasses(than: .val))
        return Listing(list: list, remarks: listing.remarks)
    }

    /// The names in `classes.txt`, where there is such a file.
    private func knownClasses() throws -> [String]? {
        let path = directory + "/classes.txt"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try ClassNames.read(path)
    }

    /// The classes of the other split; nil where it is not there, or says nothing of its own.
    private func otherClasses(than split: Split) throws -> [String]? {
        switch try layout(of: split == .train ? .val : .train) {
        case .classFolders(let path)?:
            let folders = try FolderEntries(of: path).folders.filter { !$0.isHidden }
            return folders.map(\.text)
        case .shards?:
            return try images(of: split == .train ? .val : .train, { _ in }).list.classNames
        case .flat?, nil: return nil
        }
    }
}

/// A file with the name of a class on each line.
public enum ClassNames {
    /// Reads the names.
    ///
    /// - Parameter path: the file; lines without text are passed over.
    /// - Returns: the names in order.
    /// - Throws: `FileError`.
    public static func read(_ path: String) throws -> [String] {
        try TextFile.lines(path)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The names that texts stand for where nothing names the classes: `0` up to the largest number where all
    /// are numbers, else the texts themselves in order.
    static func standing(for texts: [String]) -> [String] {
        let numbers = texts.map { Int($0) }
        guard numbers.contains(nil) else {
            return (0...max(0, numbers.compactMap(\.self).max() ?? 0)).map(String.init)
        }
        return inOrder(texts)
    }

    /// Names, each once, in the order of their code points.
    static func inOrder(_ names: [String]) -> [String] {
        Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension TextFile {
    /// The lines of a file, those without text included.
    ///
    /// - Throws: `FileError`.
    static func lines(_ path: String) throws(FileError) -> [Substring] {
        do {
            return try contents(of: path).split(omittingEmptySubsequences: false) { $0.isNewline }
        } catch {
            throw .cannotRead(path: path, reason: error.reason)
        }
    }
}

extension FolderEntries {
    /// The names of everything that is not hidden.
    fileprivate var names: [String] {
        (folders + files).filter { !$0.isHidden }.map(\.text)
    }
}

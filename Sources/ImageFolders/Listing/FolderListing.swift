import Basics
import Foundation
import ImageFiles

/// Lists the images of a folder with a folder for each class, as torchvision's `ImageFolder` does.
///
/// The classes are the folders in the order of their names' code points. In a class come a folder's own files
/// first, then its folders, each in the order of the names. Hidden files and folders are left out, which
/// `ImageFolder` takes.
struct FolderListing {
    private(set) var list: ImageList

    /// What a reader of the results should know.
    private(set) var remarks: [String] = []

    private let progress: (Int) -> Void
    private var otherKinds: [String: Int] = [:]
    private var ancestors: Set<FolderEntries.Identity> = []

    /// Lists a split in class folders.
    ///
    /// - Parameters:
    ///   - path: the split's folder.
    ///   - progress: told the number of images after each folder.
    /// - Returns: the images, and what to say of them.
    /// - Throws: `ImageFolderError`, `FileError`.
    static func classes(
        of path: String, progress: @escaping (Int) -> Void
    ) throws -> FolderListing {
        let entries = try FolderEntries(of: path)
        var listing = FolderListing(root: path, progress)
        listing.remarkHidden(entries.folders, in: path)
        for folder in entries.folders where !folder.isHidden {
            let before = listing.list.count
            let label = listing.list.classNames.count
            listing.list.classNames.append(folder.text)
            try listing.walk(folder.text, label: label)
            guard listing.list.count > before else {
                throw ImageFolderError.emptyClass(path: path + "/" + folder.text)
            }
        }
        listing.remarkOtherKinds(in: path)
        return listing
    }

    /// Lists all images at any depth, as one class without a name.
    ///
    /// - Throws: `FileError`; `ImageFolderError.noImages`.
    static func flat(
        _ path: String, progress: @escaping (Int) -> Void = { _ in }
    ) throws -> FolderListing {
        var listing = FolderListing(root: path, progress)
        listing.list.classNames = [""]
        try listing.walk("", label: 0)
        guard listing.list.count > 0 else { throw ImageFolderError.noImages(path: path) }
        listing.remarkOtherKinds(in: path)
        return listing
    }

    private init(root: String, _ progress: @escaping (Int) -> Void) {
        list = ImageList(root: root)
        self.progress = progress
    }

    private mutating func walk(_ folder: String, label: Int) throws {
        let path = folder.isEmpty ? list.root : list.root + "/" + folder
        let entries = try FolderEntries(of: path)
        // A link to a folder above would be walked for ever.
        guard ancestors.insert(entries.identity).inserted else { return }
        defer { ancestors.remove(entries.identity) }
        list.begin(ImageList.Container(path: folder, isShard: false))
        for file in entries.files where !file.isHidden {
            switch ImageKind(of: file.name) {
            case .readable:
                list.add(
                    file.name, label: label, byteCount: file.byteCount, modified: file.modified)
            case .notReadable(let kind): otherKinds[kind, default: 0] += 1
            case .other: break
            }
        }
        progress(list.count)
        for inner in entries.folders where !inner.isHidden {
            try walk(folder.isEmpty ? inner.text : folder + "/" + inner.text, label: label)
        }
    }

    private mutating func remarkHidden(_ folders: [FolderEntries.Entry], in path: String) {
        let hidden = folders.filter(\.isHidden).map(\.text)
        guard !hidden.isEmpty else { return }
        remarks.append(
            "\(path): hidden folders are no classes and are left out: \(hidden.firstFew)")
    }

    private mutating func remarkOtherKinds(in path: String) {
        guard !otherKinds.isEmpty else { return }
        let kinds = otherKinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        remarks.append(
            "\(path): images of kinds that are not read are left out: \(kinds.firstFew); convert "
                + "them to PNG")
    }
}

/// What a file is by the end of its name.
enum ImageKind: Equatable {
    /// A JPEG, PNG or WebP file.
    case readable
    /// An image of another kind, by its ending.
    case notReadable(String)
    /// No image.
    case other

    private static let otherEndings = Set(
        ImageFormat.otherExtensions + ["avif", "gif", "heic", "heif", "jfif", "jp2", "jpe", "jxl"])

    /// Looks at the ending, whatever its letters' case.
    init(of name: some BidirectionalCollection<UInt8>) {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else {
            self = .other
            return
        }
        let ending = String(decoding: name[name.index(after: dot)...], as: UTF8.self).lowercased()
        if ImageFormat.extensions.contains(ending) {
            self = .readable
        } else {
            self = Self.otherEndings.contains(ending) ? .notReadable("." + ending) : .other
        }
    }
}

import Basics
import Foundation

/// The entries of one folder, in the order of their names' bytes.
struct FolderEntries {
    /// A name, and what it stands for.
    struct Entry {
        let name: [UInt8]
        let kind: Kind
        let byteCount: Int
        /// In nanoseconds since 1970.
        let modified: Int64

        var text: String { String(decoding: name, as: UTF8.self) }

        var isHidden: Bool { name.first == UInt8(ascii: ".") }
    }

    enum Kind {
        case file
        case folder
        /// A link to nothing: an image that cannot be read.
        case danglingLink
        case other
    }

    let folders: [Entry]

    /// Files, and links that lead nowhere.
    let files: [Entry]

    /// Where the folder is, to find a folder that contains itself.
    let identity: Identity

    struct Identity: Hashable {
        let device: dev_t
        let node: ino_t
    }

    /// Reads a folder; links are followed.
    ///
    /// - Throws: `FileError` where it cannot be read.
    init(of path: String) throws(FileError) {
        guard let stream = opendir(path) else { throw FileError.reading(path) }
        defer { closedir(stream) }
        let descriptor = dirfd(stream)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.reading(path) }
        identity = Identity(device: status.st_dev, node: status.st_ino)
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                let start = UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self)
                return Array(UnsafeBufferPointer(start: start, count: strlen(start)))
            }
            guard name != [UInt8(ascii: ".")], name != Array("..".utf8) else { continue }
            entries.append(Self.describe(name, in: descriptor))
        }
        guard errno == 0 else { throw FileError.reading(path) }
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        folders = entries.filter { $0.kind == .folder }
        files = entries.filter { $0.kind == .file || $0.kind == .danglingLink }
    }

    private static func describe(_ name: [UInt8], in descriptor: Int32) -> Entry {
        var status = stat()
        let found = (name + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                guard let text = $0.baseAddress else { return false }
                return fstatat(descriptor, text, &status, 0) == 0
            }
        }
        guard found else {
            return Entry(name: name, kind: .danglingLink, byteCount: 0, modified: 0)
        }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            default: .other
            }
        return Entry(
            name: name, kind: kind, byteCount: Int(status.st_size),
            modified: status.modified)
    }
}

extension stat {
    /// When a file was changed last, in nanoseconds since 1970.
    var modified: Int64 { Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec) }
}

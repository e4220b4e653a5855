import Basics
import Foundation

/// Which file of a server a part on the disk belongs to.
///
/// It lies beside the part, so that a later process can tell whether the server still has that file.
struct DownloadOrigin: Codable, Equatable {
    /// The address.
    var url: String
    /// What the server calls this version of the file, in its own terms.
    var tag: String?
    /// When the file was changed, in the server's words.
    var modified: String?
    /// The number of bytes of the whole file, where the server tells it.
    var byteCount: Int?

    /// Where the origin of a part is kept.
    static func place(of part: URL) -> URL { part.appendingPathExtension("origin") }

    /// Reads the origin of a part; nil where none is known.
    init?(of part: URL) {
        guard let data = try? TextFile.data(of: Self.place(of: part).path),
            let origin = try? JSONDecoder().decode(Self.self, from: data)
        else { return nil }
        self = origin
    }

    /// Gathers what a server says.
    init(url: String, tag: String?, modified: String?, byteCount: Int?) {
        self.url = url
        self.tag = tag
        self.modified = modified
        self.byteCount = byteCount
    }

    /// Writes it beside a part.
    func save(for part: URL) throws {
        try AtomicFile.write(try JSONEncoder().encode(self), to: Self.place(of: part).path)
    }

    /// Forgets the origin of a part.
    static func remove(of part: URL) throws { try Disk.remove(place(of: part)) }

    /// What differs in the file that a server has now, first as it was and then as it is; nil where nothing is known
    /// to differ.
    ///
    /// Another address may call the same file by another name and time.
    func difference(from now: DownloadOrigin) -> (was: String, now: String)? {
        func differ(_ what: String, _ was: String?, _ is: String?) -> (was: String, now: String)? {
            guard let was, let `is`, was != `is` else { return nil }
            return ("\(what) \(was)", "\(what) \(`is`)")
        }
        let size = differ("size", byteCount.map(String.init), now.byteCount.map(String.init))
        guard url == now.url else { return size }
        return size ?? differ("ETag", tag, now.tag)
            ?? differ("Last-Modified", modified, now.modified)
    }
}

import Basics
import Foundation
import ImageFiles

/// Where drawn pictures go: one PNG file for each, named after its source.
public struct DrawnFiles {
    /// The files, in the order of the sources.
    public let paths: [String]

    /// Names the files; nothing is written yet.
    ///
    /// The same source given twice has one file.
    ///
    /// - Parameters:
    ///   - sources: the files that are drawn, each with its name below the folder, such as `dogs/1.jpg`, whose
    ///     ending becomes `png`.
    ///   - folder: the folder.
    /// - Throws: `COCODrawingError.sameFile` where two sources would have one file, `COCODrawingError.isSource`
    ///   where a source would be replaced.
    public init(_ sources: [(path: String, name: String)], in folder: String)
        throws(COCODrawingError)
    {
        let paths = sources.map { "\(folder)/\(($0.name as NSString).deletingPathExtension).png" }
        var drawn: [String: String] = [:]
        let places = Dictionary(
            sources.map { (Self.place($0.path), $0.path) }, uniquingKeysWith: { first, _ in first })
        for (path, source) in zip(paths, sources) {
            let place = Self.place(path)
            if let other = places[place] {
                throw .isSource(path: other, folder: folder)
            }
            if let other = drawn[place], Self.place(other) != Self.place(source.path) {
                throw .sameFile(path: path, first: other, second: source.path)
            }
            drawn[place] = source.path
        }
        self.paths = paths
    }

    /// The file behind all links, whatever names it.
    private static func place(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// Writes a picture, and the folders that it needs.
    ///
    /// - Parameters:
    ///   - picture: what was drawn.
    ///   - index: of its source.
    /// - Throws: `FileError`; `ImageError` where the picture is too large for PNG.
    public func write(_ picture: Picture, at index: Int) throws {
        let path = paths[index]
        try Disk.makeDirectory(URL(fileURLWithPath: path).deletingLastPathComponent())
        try AtomicFile.write(Data(try picture.png()), to: path)
    }
}

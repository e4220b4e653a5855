import ArchivesTestSupport
import Downloads
import Foundation
import TensorFilesTestSupport

/// A small data set of two zip archives: a few images, and annotations.
struct SmallParts {
    static let imageCount = 6

    /// The archives' bytes by their paths below the publisher's address, which begin with a slash.
    let archives: [String: [UInt8]]
    /// What the publisher says of them.
    let published: PublishedParts

    init() {
        let images = (0..<Self.imageCount).map { index in
            ZipWriter.Entry(name: "val/\(index).jpg", contents: Data(Self.image(index)))
        }
        let zips = [
            "/annotations/small_annotations.zip": Self.zip([
                Self.deflatedEntry("annotations/train.json", Self.annotations("train")),
                Self.deflatedEntry("annotations/val.json", Self.annotations("val")),
            ]),
            "/zips/val.zip": Self.zip(
                [ZipWriter.Entry(name: "val/", contents: Data())] + images, isLong: true),
        ]
        archives = zips
        func part(
            _ name: String, _ path: String, _ contents: PublishedParts.Contents
        ) -> PublishedParts.Part {
            let bytes = zips["/" + path] ?? []
            return PublishedParts.Part(
                name: name, path: path, byteCount: bytes.count, md5: SmallArchive.md5(bytes),
                folderName: name,
                contents: contents)
        }
        published = PublishedParts(
            dataset: "small", url: URL(fileURLWithPath: "/nowhere"),
            parts: [
                part(
                    "annotations", "annotations/small_annotations.zip",
                    .files(["train.json", "val.json"])),
                part("val", "zips/val.zip", .count(Self.imageCount)),
            ])
    }

    /// The bytes of an image, which are none of a picture.
    static func image(_ index: Int) -> [UInt8] {
        (0..<20_000).map { UInt8(truncatingIfNeeded: ($0 &* $0) >> 2 &+ index) }
    }

    /// The bytes of a file of annotations.
    static func annotations(_ split: String) -> [UInt8] {
        Array(String(repeating: "{\"split\": \"\(split)\"}\n", count: 500).utf8)
    }

    /// What all parts unpack to.
    static var files: [String: [UInt8]] {
        var files = ["train", "val"].reduce(into: [String: [UInt8]]()) {
            $0["annotations/\($1).json"] = annotations($1)
        }
        for index in 0..<imageCount { files["val/\(index).jpg"] = image(index) }
        return files
    }

    private static func deflatedEntry(_ name: String, _ bytes: [UInt8]) -> ZipWriter.Entry {
        ZipWriter.Entry(
            name: name, contents: Data(bytes), method: 8, packed: Data(deflated(bytes)))
    }

    static func zip(_ entries: [ZipWriter.Entry], isLong: Bool = false) -> [UInt8] {
        Array(ZipWriter(entries: entries, isLong: isLong).archive())
    }
}

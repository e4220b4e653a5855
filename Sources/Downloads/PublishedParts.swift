import Foundation

/// A data set that is published as several zip archives, each of which can be fetched alone.
public struct PublishedParts: Sendable, Hashable {
    /// One of the archives.
    public struct Part: Sendable, Hashable {
        /// The name by which it is asked for.
        public let name: String
        /// Where it lies below the publisher's address.
        public let path: String
        /// The size of the archive in bytes.
        public let byteCount: Int
        /// The archive's MD5 in hexadecimal.
        public let md5: String
        /// The folder that it unpacks to.
        public let folderName: String
        /// What that folder holds once it is unpacked.
        public let contents: Contents

        /// The name of the archive's file.
        public var fileName: String { (path as NSString).lastPathComponent }

        /// Describes an archive.
        ///
        /// - Parameters:
        ///   - name: the name by which it is asked for.
        ///   - path: where it lies below the publisher's address.
        ///   - byteCount: the size of the archive in bytes.
        ///   - md5: the archive's MD5 in hexadecimal.
        ///   - folderName: the folder that it unpacks to.
        ///   - contents: what that folder holds once it is unpacked.
        public init(
            name: String, path: String, byteCount: Int, md5: String, folderName: String,
            contents: Contents
        ) {
            self.name = name
            self.path = path
            self.byteCount = byteCount
            self.md5 = md5
            self.folderName = folderName
            self.contents = contents
        }
    }

    /// What is known of a folder's files.
    public enum Contents: Sendable, Hashable {
        /// Their names.
        case files([String])
        /// How many there are.
        case count(Int)
    }

    /// The name of the data set.
    public let dataset: String
    /// The publisher's address.
    public let url: URL
    /// The archives.
    public let parts: [Part]

    /// Describes a data set.
    ///
    /// - Parameters:
    ///   - dataset: its name.
    ///   - url: the publisher's address.
    ///   - parts: the archives.
    public init(dataset: String, url: URL, parts: [Part]) {
        self.dataset = dataset
        self.url = url
        self.parts = parts
    }

    /// Every data set of this kind.
    public static let all: [PublishedParts] = [.coco2017]
}

extension PublishedParts {
    /// COCO 2017: 118,287 images to train on, 5,000 to evaluate on, and the annotations of both.
    ///
    /// The publisher gives no digests. These are the ones that PaddlePaddle, NVIDIA's and MLCommons' scripts check.
    ///
    /// Reference: <https://cocodataset.org/#download>.
    public static let coco2017 = PublishedParts(
        dataset: "coco2017", url: URL(published: "http://images.cocodataset.org"),
        parts: [
            Part(
                name: "annotations", path: "annotations/annotations_trainval2017.zip",
                byteCount: 252_907_541, md5: "f4bbac642086de4f52a3fdda2de5fa2c",
                folderName: "annotations",
                contents: .files(
                    ["captions", "instances", "person_keypoints"].flatMap { kind in
                        ["train", "val"].map { "\(kind)_\($0)2017.json" }
                    })),
            Part(
                name: "val", path: "zips/val2017.zip", byteCount: 815_585_330,
                md5: "442b8da7639aecaf257c1dceb8ba8c80", folderName: "val2017",
                contents: .count(5000)),
            Part(
                name: "train", path: "zips/train2017.zip", byteCount: 19_336_861_798,
                md5: "cced6f7f71b7629ddf16f17bbcfab6b2", folderName: "train2017",
                contents: .count(118_287)),
        ])
}

import Foundation

/// A published archive of a data set, and the files that it unpacks to.
public struct PublishedArchive: Sendable, Hashable {
    /// A file in the archive.
    public struct File: Sendable, Hashable {
        /// The name inside the archive's folder.
        public let name: String
        /// The size in bytes.
        public let byteCount: Int
        /// The SHA-256 in hexadecimal, where it is known.
        public let sha256: String?

        /// Describes a file.
        ///
        /// - Parameters:
        ///   - name: the name inside the archive's folder.
        ///   - byteCount: the size in bytes.
        ///   - sha256: the SHA-256 in hexadecimal, where it is known.
        public init(name: String, byteCount: Int, sha256: String? = nil) {
            self.name = name
            self.byteCount = byteCount
            self.sha256 = sha256
        }
    }

    /// The name of the data set.
    public let dataset: String
    /// The address, whose last part is the name of the archive's file, a `tar.gz`.
    public let url: URL
    /// The archive's MD5 in hexadecimal.
    public let md5: String
    /// The folder that it unpacks to.
    public let folderName: String
    /// The files that it unpacks to.
    public let files: [File]

    /// The name of the archive's file.
    public var fileName: String { url.lastPathComponent }

    /// Describes an archive.
    ///
    /// - Parameters:
    ///   - dataset: the name of the data set.
    ///   - url: the address of a `tar.gz`.
    ///   - md5: the archive's MD5 in hexadecimal.
    ///   - folderName: the folder that it unpacks to.
    ///   - files: the files that it unpacks to, which are all asked for.
    public init(dataset: String, url: URL, md5: String, folderName: String, files: [File]) {
        self.dataset = dataset
        self.url = url
        self.md5 = md5
        self.folderName = folderName
        self.files = files
    }
}

extension URL {
    /// An address written in a source file, which a typing error alone could break.
    package init(published address: StaticString) {
        guard let url = URL(string: "\(address)") else {
            preconditionFailure("URL: \(address) is not an address")
        }
        self = url
    }
}

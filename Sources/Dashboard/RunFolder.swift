import Foundation

/// What a page may see of a run's folder.
enum RunFolder {
    /// What is read from there.
    enum Found {
        case file(path: String, type: String)
        case missing

        /// The path leads out of the folder.
        case outside
    }

    /// The file of a report, within the folder.
    static let report = "report.html"

    /// A report and the pictures that it shows; no weights.
    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
    ]

    static func hasReport(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + report)
    }

    /// Looks up a file.
    ///
    /// - Parameters:
    ///   - parts: of the path within the folder, decoded.
    ///   - folder: the run's.
    /// - Returns: the file, or why there is none.
    static func find(_ parts: [String], in folder: String) -> Found {
        guard !parts.isEmpty, !parts.contains(where: climbs) else { return .outside }
        let root = whole(folder)
        let path = whole(folder + "/" + parts.joined(separator: "/"))
        guard path.hasPrefix(root + "/") else { return .outside }
        var isFolder: ObjCBool = false
        let ending = (path as NSString).pathExtension.lowercased()
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            !isFolder.boolValue, let type = types[ending]
        else { return .missing }
        return .file(path: path, type: type)
    }

    /// Whether a part of a path could lead elsewhere than into a folder.
    static func climbs(_ part: String) -> Bool {
        part.isEmpty || part == "." || part == ".." || part.contains("/") || part.contains("\0")
    }

    private static func whole(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}

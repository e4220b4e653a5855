import Foundation
import Testing

/// A file of golden values of object detection.
struct DetectionFile: CustomTestStringConvertible, Sendable {
    let url: URL

    var name: String { url.lastPathComponent }
    var testDescription: String { name }

    /// The folder that `REVIEWKD_DETECTION_FIXTURES` names, else the committed ones: `Tests/Fixtures/detection`, and
    /// that of what `make_detectors.py` made.
    static let folders: [URL] =
        ProcessInfo.processInfo.environment["REVIEWKD_DETECTION_FIXTURES"]
        .map { [URL(filePath: $0)] } ?? [committed, made]

    private static let target = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    static let committed = target.deletingLastPathComponent().appending(path: "Fixtures/detection")

    static let made = target.appending(path: "Fixtures")

    /// The JSON files of the folders by name; none where a folder is missing or unreadable.
    static let all: [DetectionFile] = folders.flatMap { folder in
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".json") }.sorted()
            .map { DetectionFile(url: folder.appending(path: $0)) }
    }

    /// Another file of the same folder, or of the committed one.
    func sibling(_ name: String) -> DetectionFile {
        let own = url.deletingLastPathComponent().appending(path: name)
        return FileManager.default.fileExists(atPath: own.path)
            ? DetectionFile(url: own)
            : DetectionFile(url: Self.committed.appending(path: name))
    }

    /// What is done with files of this kind; nil where the tests do not know.
    var check: DetectionCheck? {
        DetectionCheck.all.first { name.hasPrefix($0.prefix) }
    }

    /// The file's values, whatever their form.
    func contents() throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }
}

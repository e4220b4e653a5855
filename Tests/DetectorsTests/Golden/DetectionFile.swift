import Foundation
import Testing

/// A file of golden values of object detection.
struct DetectionFile: CustomTestStringConvertible, Sendable {
    let url: URL

    var name: String { url.lastPathComponent }
    var testDescription: String { name }

    /// The folder that `REVIEWKD_DETECTION_FIXTURES` names, `Tests/Fixtures/detection` where it names none.
    static let folder: URL =
        ProcessInfo.processInfo.environment["REVIEWKD_DETECTION_FIXTURES"]
        .map { URL(filePath: $0) } ?? committed

    static let committed = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/detection")

    /// The JSON files of the folder by name; none where the folder is missing or unreadable.
    static let all: [DetectionFile] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".json") }.sorted()
            .map { DetectionFile(url: folder.appending(path: $0)) }
    }()

    /// What is done with files of this kind; nil where the tests do not know.
    var check: DetectionCheck? {
        DetectionCheck.all.first { name.hasPrefix($0.prefix) }
    }

    /// The file's values, whatever their form.
    func contents() throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }
}

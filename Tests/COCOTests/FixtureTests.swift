import COCO
import Foundation
import Testing

/// The folders of shared cases: those beside this file, or all in the folder that `REVIEWKD_COCO_FIXTURES` names.
private let folders: [URL] = {
    let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/coco-eval")
    let named = ProcessInfo.processInfo.environment["REVIEWKD_COCO_FIXTURES"]
    let folder = named.map { URL(fileURLWithPath: $0) } ?? own
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { folder.appendingPathComponent($0) }.filter {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("expected.json").path)
    }
}()

@Suite("Shared cases of the evaluation")
struct FixtureTests {
    private struct Expected: Decodable {
        struct Category: Decodable {
            let category_id: Int
            let ap: [Double]
            let recall: [Double]
        }
        let stats: [Double]
        let categories: [Category]
    }

    @Test("There are cases")
    func cases() { #expect(folders.count >= 1) }

    @Test("The figures of all and of each category are pycocotools'", arguments: folders)
    func figures(folder: URL) throws {
        // Beside the figures the file names the versions that made them.
        let data = try Data(contentsOf: folder.appendingPathComponent("expected.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var compared = 0
        for type in COCOEvaluationType.allCases {
            guard let part = object[type.rawValue] else { continue }
            compared += 1
            let expected = try JSONDecoder().decode(
                Expected.self, from: JSONSerialization.data(withJSONObject: part))
            let evaluation = try COCOEvaluation(
                ofFile: folder.appendingPathComponent("dt.json").path,
                withFile: folder.appendingPathComponent("gt.json").path, type: type)
            print("case \(folder.lastPathComponent), \(type.rawValue)")
            expectClose(evaluation.figures.values, expected.stats)
            #expect(
                evaluation.categories.map(\.category.id)
                    == expected.categories.map { .whole($0.category_id) })
            for (found, expected) in zip(evaluation.categories, expected.categories) {
                expectClose(found.precisions, expected.ap.filter { $0 > -1 })
                expectClose(found.recalls, expected.recall.filter { $0 > -1 })
            }
        }
        #expect(compared > 0)
    }

    private func expectClose(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected) <= 1e-12, "\(found), expected \(expected)")
        }
    }
}

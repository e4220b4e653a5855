import Foundation
import Testing

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("Files of results")
struct ResultsFileTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("results-\(UUID().uuidString).jsonl").path

    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test("What was appended is read back, and a line that was cut off is left out, then replaced")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = try ResultsFile(path: path, mayLack: true)
        try file.append([.example("alone", 49)])
        try file.append([.example("kd", 51)])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try ResultsFile(path: path).results == [.example("alone", 49), .example("kd", 51)])

        try write(String(text.dropLast(20)))
        var cut = try ResultsFile(path: path)
        #expect(cut.cutLine != nil && cut.results == [.example("alone", 49)])
        try cut.append([.example("kd", 51)])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)

        // A cell that is run again has one line, the last.
        try cut.append([.example("alone", 48)])
        #expect(try ResultsFile(path: path).results == [.example("kd", 51), .example("alone", 48)])

        // It may be cut inside a letter, which is no reason to refuse the rest.
        let accented = try CellResult.example("alone", 49, schedule: "kürzer").line()
        let bytes = Data((accented + "\n" + accented).utf8)
        let letter = try #require(bytes.lastIndex(of: 0xc3))
        try bytes[...letter].write(to: URL(fileURLWithPath: path))
        #expect(try ResultsFile(path: path).results.map(\.schedule) == ["kürzer"])
        #expect(try ResultsFile(path: path).cutLine != nil)
        try Data(bytes[...letter] + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
        #expect(throws: ResultsFileError.self) { try ResultsFile(path: path) }

        // A last line that lacks only its end is whole.
        try write(String(text.dropLast()))
        #expect(try ResultsFile(path: path).results.count == 2)
    }

    @Test(
        "Another version, a line in the middle that is none, and a missing file are told by place")
    func errors() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let good = try CellResult.example("alone", 49).line()
        try write(good + "\n" + good.replacing("\"version\":1", with: "\"version\":2") + "\n")
        #expect(throws: ResultsFileError.otherVersion(place: "\(path):2", found: 2)) {
            try ResultsFile(path: path)
        }
        try write(good.replacing("\"version\":1", with: "\"version\":2"))
        #expect(throws: ResultsFileError.otherVersion(place: "\(path):1", found: 2)) {
            try ResultsFile(path: path)
        }
        try write("{\"version\":1,\"pair\":\"x\"}\n" + good + "\n")
        let error = #expect(throws: ResultsFileError.self) { try ResultsFile(path: path) }
        #expect(error?.description.hasPrefix("\(path):1: the line is not a result") == true)
        #expect(error?.description.contains("the key 'method' is missing") == true)
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ResultsFileError.self) { try ResultsFile(path: path) }
    }

    @Test("A line that stands there twice counts once, and two results of one cell are refused")
    func twice() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let line = try CellResult.example("kd", 51).line()
        try write(line + "\n" + line + "\n")
        #expect(try ResultsFile(path: path).results == [.example("kd", 51)])
        try write(try line + "\n" + CellResult.example("kd", 50).line() + "\n")
        #expect(
            throws: ResultsFileError.twice(
                place: "\(path):2", cell: "resnet56-resnet20, kd, paper, seed 0")
        ) { try ResultsFile(path: path) }
    }

    @Test("Files are joined once, and of two accuracies of one cell the first stays, with a remark")
    func merge() throws {
        let other = path + ".other"
        defer { for file in [path, other] { try? FileManager.default.removeItem(atPath: file) } }
        var own = try ResultsFile(path: path, mayLack: true)
        try own.append([.example("alone", 49)])
        var second = try ResultsFile(path: other, mayLack: true)
        try second.append([.example("alone", 48)])
        try second.append([.example("kd", 51)])
        var remarks: [String] = []
        for _ in 0..<2 { try own.join(second) { remarks.append($0) } }
        #expect(own.results == [.example("alone", 49), .example("kd", 51)])
        #expect(remarks.count == 2 && remarks[0].contains("49.0 %, which is kept"))
    }

    struct Foreign: Sendable {
        let result: CellResult
        let what: String
    }

    @Test(
        "Files with other settings or another teacher are not joined, and nothing is changed",
        arguments: [
            Foreign(result: .example("kd", 51, recipe: "1"), what: "other settings"),
            Foreign(result: .example("kd", 51, teacher: "cafe"), what: "another teacher"),
            // Beside the other methods of the pair.
            Foreign(result: .example("at", 51, teacher: "cafe"), what: "another teacher"),
            Foreign(result: .example("at", 51, images: 500), what: "other images"),
        ])
    func foreign(_ foreign: Foreign) throws {
        let other = path + ".other"
        defer { for file in [path, other] { try? FileManager.default.removeItem(atPath: file) } }
        var own = try ResultsFile(path: path, mayLack: true)
        try own.append([.example("kd", 51, images: 50_000)])
        var second = try ResultsFile(path: other, mayLack: true)
        try second.append([foreign.result])
        #expect(
            throws: ResultsFileError.otherRun(
                cell: "\(foreign.result.key)", what: foreign.what, path: other, own: path)
        ) { try own.join(second) { _ in } }
        #expect(own.results == [.example("kd", 51, images: 50_000)])
    }

    @Test("Line ends of another system are read as well")
    func otherLineEnds() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lines = try [CellResult.example("alone", 49), .example("kd", 51)].map { try $0.line() }
        try write(lines.map { $0 + "\r\n" }.joined())
        let file = try ResultsFile(path: path)
        #expect(file.results == [.example("alone", 49), .example("kd", 51)] && file.cutLine == nil)
    }

    @Test("The cut line of a file that is joined is left out with a remark")
    func cutLine() throws {
        let other = path + ".other"
        defer { for file in [path, other] { try? FileManager.default.removeItem(atPath: file) } }
        var own = try ResultsFile(path: path, mayLack: true)
        try write(try CellResult.example("kd", 51).line() + "\n{\"version\":1,\"pa")
        try FileManager.default.moveItem(atPath: path, toPath: other)
        var remarks: [String] = []
        try own.join(try ResultsFile(path: other)) { remarks.append($0) }
        #expect(own.results == [.example("kd", 51)])
        #expect(remarks == ["the last line of \(other) is cut off, and it is left out"])
    }
}

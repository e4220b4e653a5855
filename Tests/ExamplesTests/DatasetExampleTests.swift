import Examples
import Foundation
import Testing
import Torch
import TorchNN
import Training
import VisionData

/// What the example's data set makes of files in the publisher's layout.
@Suite("The example's data set")
struct DatasetExampleTests {
    private func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// The value of a pixel, different from its neighbours' and from the same one's of other images.
    private func value(_ image: Int, _ row: Int, _ column: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: 1 + image * 50 + row * 7 + column)
    }

    private func withFiles(
        training count: Int, labels: [UInt8]? = nil, _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "fashion-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                Issue.record(error)
            }
        }
        func write(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        for (name, count) in [("train", count), ("t10k", 2)] {
            let pixels = (0..<count).flatMap { image in
                (0..<28).flatMap { row in (0..<28).map { value(image, row, $0) } }
            }
            try write(
                [0, 0, 8, 3] + bigEndian(count) + bigEndian(28) + bigEndian(28) + pixels,
                "\(name)-images-idx3-ubyte")
            let own = name == "train" ? labels : nil
            let classes = own ?? (0..<count).map { UInt8((9 - $0) % 10) }
            try write(
                [0, 0, 8, 1] + bigEndian(classes.count) + classes, "\(name)-labels-idx1-ubyte")
        }
        try body(folder.path)
    }

    @Test("Its images stand in the middle of three equal planes, with their classes")
    func pixels() throws {
        try withFiles(training: 3) { folder in
            var remarks: [String] = []
            let data = try TrainingData(exampleDataset, from: folder, device: .cpu) {
                remarks.append($0)
            }
            #expect(data.train.count == 3 && data.test.count == 2 && data.train.classCount == 10)
            #expect(data.train.classes() == [9, 8, 7])
            #expect(remarks.count == 2 && remarks[0].hasPrefix("train: only 3 of the published"))
            let set = try #require(data.train as? ImageSet)
            let pixels = set.pixels.bytes()
            let expected = (0..<3).flatMap { image in
                (0..<3).flatMap { _ in
                    (0..<32).flatMap { row in
                        (0..<32).map { column -> UInt8 in
                            let isInside = (2..<30).contains(row) && (2..<30).contains(column)
                            return isInside ? value(image, row - 2, column - 2) : 0
                        }
                    }
                }
            }
            #expect(pixels == expected)
        }
    }

    @Test("Its batches of an evaluation are every image once, normalised")
    func evaluation() throws {
        try withFiles(training: 3) { folder in
            let images = try exampleDataset.open(.train, in: folder)
            let normalization = try #require(exampleDataset.normalization)
            var positions: [Int64] = []
            try images.evaluation(
                positions: nil, normalization: normalization, batchSize: 2
            ).forEach { batch in
                positions += batch.indices.elements(as: Int64.self)
                let corner = batch.images.select(0, Tensor([0] as [Int64])).reshape([-1])
                let black = Double(corner.elements(as: Float.self)[0])
                #expect(abs(black - -0.219 / 0.332) < 1e-6)
            }
            #expect(positions == [0, 1, 2])
        }
    }

    @Test("A class that it does not have, and a file that is cut short, end in a sentence")
    func errors() throws {
        func sentence(_ folder: String) -> String? {
            do {
                _ = try exampleDataset.open(.train, in: folder)
                return nil
            } catch {
                return "\(error)"
            }
        }
        try withFiles(training: 2, labels: [1, 10]) { folder in
            let text = try #require(sentence(folder))
            #expect(text.contains("expected 2 classes from 0 to 9, found 2 values up to 10"))
        }
        try withFiles(training: 2) { folder in
            let path = folder + "/train-images-idx3-ubyte"
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.dropLast().write(to: URL(fileURLWithPath: path))
            let text = try #require(sentence(folder))
            #expect(text.contains("\(path): expected bytes in the IDX layout"))
        }
        #expect(throws: DatasetError.noFolder(dataset: "fashion-mnist")) {
            try exampleDataset.open(.train, in: nil)
        }
    }
}

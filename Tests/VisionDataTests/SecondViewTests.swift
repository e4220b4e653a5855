import Basics
import Crypto
import Foundation
import Testing
import Torch
import TorchNN

@testable import VisionData

@Suite("A second view")
struct SecondViewTests {
    private struct File: Decodable {
        struct Case: Decodable {
            let view: String
            let operation: String
            let code: Int
            let sha256: [String]
        }

        let size: Int
        let cases: [Case]
    }

    /// The images of `Scripts/make_second_views.py`, uint8 `[2, 3, size, size]`.
    private func images(_ size: Int) -> Tensor {
        func image(_ value: (_ x: Int, _ y: Int, _ channel: Int) -> Int) -> [UInt8] {
            (0..<3).flatMap { channel in
                (0..<size).flatMap { y in
                    (0..<size).map { UInt8(value($0, y, channel) % 256) }
                }
            }
        }
        let first = image { x, y, channel in
            [x * 8 + y % 5, y * 7 + x % 3 * 9, x * y % 251][channel]
        }
        let second = image { x, y, channel in
            [40 + x / 4, 60 + (x + y) / 8, 50 + (x * x + y) % 30][channel]
        }
        return Tensor(first + second, shape: [2, 3, size, size])
    }

    @Test("has Pillow's pixels, for every operation with either sign, weak and strong")
    func pixels() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "Fixtures", "second-views.json")
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        #expect(file.cases.count == 196)
        let images = images(file.size)
        for view in SecondView.allCases {
            let changes = StrongChanges(view, height: file.size, width: file.size, device: .cpu)
            for known in file.cases where known.view == view.rawValue {
                let codes = [known.code, StrongCode.identity.number].map(Int64.init)
                let changed = changes(images, Tensor(codes + codes, shape: [2, 2]))
                let bytes = changed.permute([0, 2, 3, 1]).contiguous().elements(as: UInt8.self)
                let digests = [0, 1].map { index in
                    let count = bytes.count / 2
                    return SHA256.hash(data: bytes[(index * count)..<((index + 1) * count)])
                        .map { String(format: "%02x", $0) }.joined()
                }
                #expect(digests == known.sha256, "\(known.view) \(known.operation) \(known.code)")
            }
        }
    }

    @Test("changes each image of a batch by its own two operations, one after the other")
    func order() {
        let changes = StrongChanges(.trivial, height: 32, width: 32, device: .cpu)
        let images = images(32)
        func code(_ operation: StrongOperation, _ level: Int) -> Int64 {
            let place = StrongOperation.allCases.firstIndex(of: operation) ?? 0
            return Int64(StrongCode(operation: place, level: level, isNegative: false).number)
        }
        let (turn, invert, none) = (code(.rotate, 10), code(.solarize, 30), code(.identity, 0))
        func changed(_ image: Int, _ codes: [Int64]) -> [UInt8] {
            changes(images.narrow(0, image..<(image + 1)), Tensor(codes, shape: [1, 2])).bytes()
        }
        let both = changes(images, Tensor([turn, invert, invert, turn], shape: [2, 2])).bytes()
        #expect(Array(both.prefix(3072)) == changed(0, [turn, invert]))
        #expect(Array(both.suffix(3072)) == changed(1, [invert, turn]))
        // What is turned after it was inverted has black corners.
        #expect(changed(0, [turn, invert]) != changed(0, [invert, turn]))
        #expect(changed(0, [none, none]) == Array(images.bytes().prefix(3072)))
    }

    @Test("leaves the first view of every batch as it was, and depends on seed and epoch alone")
    func firstView() {
        let set = ImageSet(
            pixels: images(32), labels: Tensor([0, 1] as [Int64]), classCount: 2)
        func loader(_ view: SecondView?, seed: UInt64 = 3) -> TrainingLoader {
            TrainingLoader(
                set, normalization: .cifar100, augmentation: Augmentation(secondView: view),
                batchSize: 2, seed: seed)
        }
        let plain = loader(nil)
        for view in SecondView.allCases {
            let twice = loader(view)
            let batch = twice.batch(0, of: twice.epoch(5))
            let alone = plain.batch(0, of: plain.epoch(5))
            #expect(batch.views == 2 && alone.views == 1)
            #expect(batch.images.shape == [4, 3, 32, 32])
            #expect(batch.images.isContiguous(.channelsLast))
            #expect(batch.images.narrow(0, 0..<2).bytes() == alone.images.bytes())
            #expect(
                batch.targets.elements(as: Int64.self)
                    == alone.targets.elements(as: Int64.self)
                    + alone.targets.elements(as: Int64.self))
            let again = loader(view)
            #expect(again.batch(0, of: again.epoch(5)).images.bytes() == batch.images.bytes())
            #expect(again.batch(0, of: again.epoch(6)).images.bytes() != batch.images.bytes())
        }
    }

    @Test("draws every operation about as often, at one strength or at all of them")
    func draws() {
        var random = CounterRandom(1, 2)
        let count = 14_000
        for view in SecondView.allCases {
            var operations = Array(repeating: 0, count: StrongOperation.allCases.count)
            var levels = Set<Int>()
            for _ in 0..<count {
                let codes = view.draw(using: &random).map(StrongCode.init(number:))
                operations[codes[0].operation] += 1
                levels.insert(codes[0].level)
                #expect(codes.count == 2)
            }
            // 1,000 of each are expected, with a deviation of 31.
            #expect(operations.allSatisfy { abs($0 - 1000) < 160 }, "\(operations)")
            #expect(levels == (view == .trivial ? Set(0..<31) : [9]))
        }
    }
}

import Basics
import BasicsTestSupport
import Foundation
import NetworkFiles
import Testing
import Torch
import TorchNN

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("Checkpoints")
struct CheckpointTests {
    private static let record = EpochRecord(
        epoch: 1, step: 4, learningRate: 0.1, seconds: 1.5, imagesPerSecond: 21.25,
        peakMemoryBytes: 123_456_789,
        train: ["cross_entropy": 4.25, "total": 1.0 / 3, "top1": 12.5],
        validation: nil, test: Scores(count: 2, ["loss": 0.1, "top1": 50, "top5": 100]))

    private static let checkpoint = Checkpoint(
        state: RunState(
            epoch: 1, step: 6, stepInEpoch: 2, epochSeconds: 0.1 + 0.2, history: [record],
            bestValidation: 33.3,
            inputs: RunInputs(teacher: "0123", trainingImages: 40, testImages: 10)),
        tensors: [
            NamedTensor("method.weight", Tensor([1, -2, 0.5] as [Float], shape: [3, 1])),
            NamedTensor("method.count", Tensor([Int64.max])),
            NamedTensor("metrics.total", Tensor([1.0 / 3], shape: [])),
        ])

    @Test("A checkpoint is refused as a file of weights, with the file to take")
    func asWeights() throws {
        try withFolder { folder in
            let path = folder + "/step"
            try Self.checkpoint.encoded().write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: OwnRunError.self) {
                _ = try loadNetwork("resnet8", weights: path, classCount: 3)
            }
            #expect(error?.description.contains("and take that") == true)
        }
    }

    @Test("A checkpoint comes back as it was saved, every bit of every number")
    func roundTrip() throws {
        try withFolder { folder in
            let path = folder + "/step"
            let saved = Self.checkpoint
            try saved.encoded().write(to: URL(fileURLWithPath: path))
            let read = try Checkpoint(contentsOf: path)
            #expect(read.state == saved.state)
            #expect(read.tensors.map(\.name).sorted() == saved.tensors.map(\.name).sorted())
            for entry in saved.tensors {
                let tensor = try #require(read.tensors.first { $0.name == entry.name }).tensor
                #expect(tensor.dtype == entry.tensor.dtype)
                #expect(tensor.shape == entry.tensor.shape)
                #expect(tensor.bytes() == entry.tensor.bytes())
            }
        }
    }

    @Test("Any flipped bit is noticed")
    func flippedBits() throws {
        try withFolder { folder in
            let path = folder + "/step"
            let contents = try Self.checkpoint.encoded()
            for index in contents.indices {
                var damaged = contents
                damaged[index] ^= 1 << (index % 8)
                try damaged.write(to: URL(fileURLWithPath: path))
                #expect(throws: CheckpointError.self, "byte \(index)") {
                    try Checkpoint(contentsOf: path)
                }
            }
        }
    }

    @Test("Any missing end is noticed")
    func truncation() throws {
        try withFolder { folder in
            let path = folder + "/step"
            let contents = try Self.checkpoint.encoded()
            for count in stride(from: 0, to: contents.count, by: 7) {
                try contents.prefix(count).write(to: URL(fileURLWithPath: path))
                #expect(throws: CheckpointError.self, "\(count) bytes") {
                    try Checkpoint(contentsOf: path)
                }
            }
        }
    }
}

import Foundation
import RunRecords
import Testing
import Torch
import TorchNN
import VisionData

@testable import Recipes
@testable import Training

@Suite("The kernels of a run")
struct KernelsRecordTests {
    private func trainer(_ report: @escaping (String) -> Void = { _ in }) throws -> Trainer {
        var recipe = try Recipe.load(nameOrPath: "demo/student", overrides: ["epochs=1"])
            .studentAlone
        recipe.precision = .float32
        let images = TrainingSetup.images()
        return try Trainer(
            recipe: recipe, data: TrainingData(train: images, test: images), teacher: nil,
            options: RunOptions()
        ) { event in
            if case .remark(let thing) = event { report("\(thing)") }
        }
    }

    @Test("are in the records of its epochs, with the number of threads")
    func recorded() throws {
        let trainer = try trainer()
        _ = try trainer.run()
        let record = try #require(trainer.history.first)
        #expect(record.threads == Runtime.threads)
        let line = try JSONSerialization.jsonObject(with: Data(record.line().utf8))
        let kernels = (line as? [String: Any])?["kernels"] as? [String: String]
        #expect(
            kernels == [
                "convolution": Processor.current.convolution.rawValue,
                "libtorch": Runtime.cpuCapability,
            ])
    }

    @Test("are told of where a run goes on with others, and else not")
    func others() throws {
        let begun = try trainer()
        _ = try begun.start()
        var saved = begun.checkpoint()
        for (libtorch, count) in [(Runtime.cpuCapability, 0), ("AVX1", 1)] {
            saved.state.kernels = Kernels(
                convolution: Processor.current.convolution.rawValue, libtorch: libtorch)
            var told: [String] = []
            let other = try trainer { told.append($0) }
            try other.resume(saved)
            #expect(told.count { $0.contains("begun with other kernels") } == count, "\(told)")
            #expect(other.state.kernels == other.kernels)
        }
        saved.state.kernels = nil
        try trainer { #expect(!$0.contains("other kernels")) }.resume(saved)
    }
}

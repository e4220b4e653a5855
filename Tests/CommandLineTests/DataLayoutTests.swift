import Foundation
import TensorFilesTestSupport
import Testing

extension CommandLineSuite {
    @Suite("Layouts of data")
    struct DataLayoutTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test(
            "A run that was begun on binary files goes on from torchvision's pickles, bit for bit")
        func otherLayout() throws {
            let pickles = workshop.fresh("pickles")
            for (name, file) in [("train", "train.bin"), ("test", "test.bin")] {
                let records = try Array(workshop.read("data/cifar-100-binary/\(file)"))
                let starts = stride(from: 0, to: records.count, by: 3074)
                let batch = PickledBatch.file(
                    images: starts.map { Array(records[($0 + 2)..<($0 + 3074)]) },
                    labels: [
                        ("coarse_labels", starts.map { records[$0] }),
                        ("fine_labels", starts.map { records[$0 + 1] }),
                    ])
                try workshop.write(batch, to: "\(pickles)/cifar-100-python/\(name)")
            }
            let output = workshop.fresh("run")
            let begun = try workshop.run(workshop.distill(to: output) + ["--max-steps", "3"])
            #expect(begun.status == 0, "\(begun.errors)")
            let resumed = try workshop.run(
                workshop.distill(to: output).map { $0 == "data" ? pickles : $0 } + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(
                try workshop.read(output + "/student-last.safetensors")
                    == workshop.read(workshop.reference + "/student-last.safetensors"))
        }

        @Test("A file of the data set names its folder")
        func fileAsFolder() throws {
            func evaluate(_ data: String) throws -> Outcome {
                try workshop.run([
                    "evaluate", workshop.teacher, "--model", "resnet14", "--dataset", "cifar100",
                    "--data", data, "--json",
                ])
            }
            let outcome = try evaluate("data/cifar-100-binary/test.bin")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.output == evaluate("data").output)
        }
    }
}

import Basics
import BasicsTestSupport
import Distillation
import Foundation
import NetworkFiles
import TensorFiles
import Testing
import Torch
import VisionModels

extension CommandLineSuite {
    @Suite("Teachers that are programs")
    struct TeacherProgramTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// The workshop's teacher as programs, made by PyTorch once; nil where that is lacking.
        private static let programs = Result { () throws -> String? in
            guard PythonEnvironment.isThere(for: "teachers that are programs") else { return nil }
            let workshop = try Workshop.shared()
            let folder = workshop.folder.appending(path: "programs").path
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let export = try workshop.run([
                "export", workshop.teacher, "--model", "resnet14", "--format", "pth", "--output",
                folder + "/weights.pth",
            ])
            try #require(export.status == 0, "\(export.errors)")
            _ = try PythonEnvironment.run(
                "teacher_programs.py", ["resnet14", "100", folder + "/weights.pth", folder],
                beside: #filePath)
            return folder
        }

        private func epoch(_ output: String, teacher: String, _ more: String...) throws -> Outcome {
            try workshop.run(
                workshop.distill(to: output, teacher: teacher) + ["--epochs", "1"] + more)
        }

        private func student(_ output: String) throws -> WeightFile {
            let path = output + "/student-last.safetensors"
            return try WeightFile.decode(try workshop.read(path), path: path)
        }

        private func floats(_ entry: TensorEntry) -> [Float] {
            [UInt8](entry.bytes).withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                }
            }
        }

        @Test(
            "train as the network of the list does that has the same weights",
            arguments: ["script.pt", "any.pt2"])
        func anEpoch(_ name: String) throws {
            guard let folder = try Self.programs.get() else { return }
            let (own, theirs) = (workshop.fresh("own"), workshop.fresh("program"))
            let weights = try epoch(own, teacher: workshop.teacher)
            #expect(weights.status == 0, "\(weights.errors)")
            let program = try epoch(theirs, teacher: "\(folder)/\(name)", "--trust-code")
            #expect(program.status == 0, "\(program.errors)")
            #expect(
                program.errors.contains("brings its own network in place of the recipe's teacher"))
            #expect(
                try String(decoding: workshop.read(theirs + "/recipe.yaml"), as: UTF8.self)
                    .contains("model: program"))
            let (first, second) = (try student(own).entries, try student(theirs).entries)
            #expect(first.map(\.name) == second.map(\.name))
            for (a, b) in zip(first, second) where a.elementType == .float32 {
                let distance = zip(floats(a), floats(b)).map { abs($0 - $1) }.max() ?? 0
                #expect(distance < 1e-5, "\(a.name)")
            }
            let resumed = try epoch(theirs, teacher: "\(folder)/\(name)", "--resume")
            #expect(resumed.status == 1)
            #expect(resumed.errors.contains("Add --trust-code if you trust whoever made it"))
        }

        @Test("teach alone where they are trusted, and where they give what a teacher has to give")
        func refusals() throws {
            guard let folder = try Self.programs.get() else { return }
            for (name, words) in [
                (
                    "four.pt2",
                    "should take float32 images [2, 3, 32, 32], but LibTorch says: input_handles[0]: unmatched dim"
                ),
                ("logits.pt", "should give (logits, [features…]), whose features are of shape"),
                ("graph.pt2", "is a program of torch.export, which needs Python to run"),
            ] {
                let outcome = try epoch(
                    workshop.fresh("refused"), teacher: "\(folder)/\(name)", "--trust-code")
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(words), "\(outcome.errors)")
            }
            let untrusted = try epoch(
                workshop.fresh("untrusted"), teacher: "\(folder)/script.pt")
            #expect(untrusted.status == 1)
            #expect(
                untrusted.errors.contains(
                    "script.pt is a TorchScript program: using it runs code of its maker with your rights"
                ))
            let batches = try epoch(
                workshop.fresh("statistics"), teacher: "\(folder)/script.pt", "--trust-code",
                "--set", "teacher.batch_norm=batch")
            #expect(batches.errors.contains("Leave teacher.batch_norm out"), "\(batches.errors)")
            let weights = try epoch(
                workshop.fresh("weights"), teacher: workshop.teacher, "--set",
                "teacher.model=program")
            #expect(weights.errors.contains("holds weights. Expected TorchScript"))
            let estimate = try epoch(
                workshop.fresh("estimate"), teacher: "\(folder)/script.pt", "--trust-code",
                "--dry-run")
            #expect(estimate.errors.contains("only its file knows the network"))
        }

        @Test(
            "answer for any number of images as for each of them",
            arguments: ["script.pt", "any.pt2"])
        func counts(_ name: String) throws {
            guard let folder = try Self.programs.get() else { return }
            let program = try TeacherProgram(
                path: "\(folder)/\(name)",
                form: name == "script.pt" ? .torchScript : .inductorPackage, imageSize: 32,
                classCount: 100)
            let values: [Float] = (0..<21 * 3072).map { index in
                Float(index * 7919 % 1000) / 500 - 1
            }
            let images = Tensor(values, shape: [21, 3, 32, 32])
            let network = try loadNetwork(
                "resnet14", weights: folder + "/weights.pth", classCount: 100)
            #expect(program.levels.map(\.channels) == [16, 32, 64, 64])
            #expect(program.levels.map(\.reduction) == [1, 2, 4, nil])
            for range in [3..<4, 2..<7, 0..<21] {
                let part = images.narrow(0, range)
                let (found, expected) = (program.features(part), network.features(part))
                for (own, other) in zip(
                    found.levels + [found.scores],
                    expected.preactivationLevels + [expected.scores])
                {
                    #expect(own.shape == other.shape)
                    let distance = (own - other).abs().max().item()
                    #expect(distance < 1e-4, "\(range)")
                }
            }
        }

        @Test("answer for any number of images where they were compiled for four alone")
        func four() throws {
            guard let folder = try Self.programs.get() else { return }
            let program = try TeacherProgram(
                path: folder + "/four.pt2", form: .inductorPackage, imageSize: 16, classCount: 4)
            let values: [Float] = (0..<9 * 768).map { index in Float(index * 7919 % 1000) / 500 }
            let images = Tensor(values, shape: [9, 3, 16, 16])
            let all = program.features(images).scores
            #expect(all.shape == [9, 4])
            for index in 0..<9 {
                let one = program.features(images.narrow(0, index..<index + 1)).scores
                let distance = (one - all.narrow(0, index..<index + 1)).abs().max().item()
                #expect(distance < 1e-6, "image \(index)")
            }
            #expect(Set(all.elements(as: Float.self)).count == 36, "images and classes differ")
        }

        @Test("are named by inspect, which runs nothing of them")
        func inspection() throws {
            guard let folder = try Self.programs.get() else { return }
            for (name, words) in [
                ("script.pt", "is a TorchScript program"),
                ("any.pt2", "is a program that torch._inductor compiled"),
                ("graph.pt2", "is a program of torch.export"),
            ] {
                let outcome = try workshop.run(["inspect", "\(folder)/\(name)"])
                #expect(outcome.status == 0)
                #expect(outcome.output.contains(words), "\(outcome.output)")
            }
        }
    }
}

import Basics
import Foundation
import TensorFiles
import Testing

extension CommandLineSuite {
    @Suite("Export")
    struct ExportTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        private var student: String { "\(workshop.reference)/student-last.safetensors" }

        private func export(
            _ output: String, _ format: String, _ options: String..., model: String? = "resnet8"
        ) throws -> Outcome {
            try workshop.run(
                ["export", student, "--format", format, "--output", output]
                    + (model.map { ["--model", $0] } ?? []) + options)
        }

        @Test(
            "writes files that evaluate reads, and that give the same scores",
            arguments: ["safetensors", "pth"])
        func weights(format: String) throws {
            let output = workshop.fresh("weights") + "." + format
            let outcome = try export(output, format, "--json")
            let result = try outcome.json()
            #expect(result["output"] as? String == output)
            #expect(result["model"] as? String == "resnet8")
            #expect(result["classes"] as? Int == 100)
            #expect(result["bytes"] as? Int == (try workshop.read(output)).count)
            let scores = try [student, output].map { file in
                try workshop.run([
                    "evaluate", file, "--model", "resnet8", "--dataset", "cifar100", "--data",
                    "data",
                    "--json",
                ]).output
            }
            #expect(scores[0] == scores[1])
            #expect(scores[0].contains("top1"))
            let entries = try WeightFile.decode(try workshop.read(output), path: output).entries
            let own = try WeightFile.decode(try workshop.read(student), path: student).entries
            #expect(entries.sorted { $0.name < $1.name } == own.sorted { $0.name < $1.name })
        }

        @Test("folds batch norms, after which no norm is left")
        func folded() throws {
            let output = workshop.fresh("folded") + ".safetensors"
            let outcome = try export(output, "safetensors", "--fold")
            #expect(outcome.output.contains("batch norms folded"))
            let file = try WeightFile.decode(try workshop.read(output), path: output)
            #expect(!file.entries.contains { $0.name.contains("running_mean") })
            #expect(file.entries.contains { $0.name == "conv1.bias" })
            #expect(file.metadata["model"] == "resnet8")
        }

        @Test("writes ONNX with its input, its output and 8-bit numbers")
        func onnx() throws {
            let output = workshop.fresh("student") + ".onnx"
            let plain = try export(output, "onnx", "--normalize")
            #expect(plain.status == 0, "\(plain.errors)")
            #expect(
                plain.output.contains(
                    "input images float32 [N, 3, 32, 32], in 0...1; output logits [N, 100] (ONNX format 8, "
                        + "operators 17)"))
            let size = try workshop.read(output).count
            let int8 = try export(
                output, "onnx", "--int8", "--calibration", "data", "--json")
            let result = try int8.json()
            let quality = try #require(result["int8"] as? [String: Any])
            #expect(quality["calibration_images"] as? Int == 32)
            #expect(quality["images"] as? Int == 16)
            #expect(quality["float_top1"] is Double)
            #expect(quality["int8_top1"] is Double)
            #expect(try workshop.read(output).count < size)
        }

        @Test("says in one sentence what is wrong")
        func mistakes() throws {
            func sentence(_ output: String, _ format: String, _ options: String...) throws -> String
            {
                let outcome = try workshop.run(
                    [
                        "export", student, "--model", "resnet8", "--format", format, "--output",
                        output,
                    ] + options)
                #expect(outcome.status != 0)
                return outcome.sentence
            }
            #expect(
                try sentence("m.onnx", "onnx", "--int8")
                    == "Error: --int8 needs images that show how large values are; name their folder with "
                    + "--calibration")
            #expect(
                try sentence("m.onnx", "onnx", "--calibration", "data")
                    == "Error: --calibration is for --int8, which is not given; give both")
            #expect(
                try sentence("m.pth", "pth", "--normalize")
                    == "Error: --normalize is for --format onnx, and the format is pth; leave it out"
            )
            #expect(
                try sentence("m.tflite", "tflite").hasPrefix(
                    "Error: The value 'tflite' is invalid for '--format <format>'. Please provide one of "
                ))
            #expect(
                try sentence("nowhere/m.onnx", "onnx").contains(
                    "nowhere/m.onnx could not be written"))
            #expect(
                try sentence("data", "onnx").contains("data could not be written: it is a folder"))
            #expect(
                try sentence("m.onnx", "onnx", "--int8", "--calibration", "nowhere").contains(
                    "nowhere"))
            let other = try export("m.onnx", "onnx", model: "resnet14")
            #expect(other.status == 1)
            #expect(other.sentence.contains("they are those of resnet8"))
            #expect(other.sentence.contains("give --model resnet8"))
            let detector = try export("m.pth", "pth", model: "faster_rcnn_R18")
            #expect(
                detector.sentence.hasPrefix(
                    "Error: faster_rcnn_R18 is a detector, of which the bottom-up network and the pyramid are"
                ))
            let unnamed = try export("m.onnx", "onnx", model: nil)
            #expect(unnamed.sentence.contains("does not say which network it is of; give --model"))
            #expect(unnamed.errors.contains("See 'reviewkd export --help' for more information."))
            #expect(!unnamed.errors.contains("<subcommand>"))
            #expect(!workshop.exists("m.onnx"))
        }

        @Test("leaves the former file whole where the disk is full")
        func fullDisk() throws {
            let output = workshop.fresh("kept") + ".onnx"
            #expect(try export(output, "onnx").status == 0)
            let before = try workshop.read(output)
            let outcome = try workshop.run(
                [
                    "export", student, "--model", "resnet8", "--format", "onnx", "--fold",
                    "--output",
                    output,
                ], fileBlocks: 64)
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("could not be written"))
            #expect(try workshop.read(output) == before)
        }
    }

    @Suite("Inspection")
    struct InspectTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("names the form, the tensors and the networks that fit")
        func fits() throws {
            let result = try workshop.run(["inspect", workshop.teacher, "--json"]).json()
            #expect(result["form"] as? String == "safetensors")
            let fits = try #require(result["fits"] as? [[String: Any]])
            #expect(fits.map { $0["model"] as? String } == ["resnet14"])
            #expect(fits.map { $0["classes"] as? Int } == [100])
            let tensors = try #require(result["tensors"] as? [[String: Any]])
            let last = try #require(tensors.first { $0["name"] as? String == "fc.weight" })
            #expect(last["shape"] as? [Int] == [100, 64])
            #expect(last["type"] as? String == "float32")
            let text = try workshop.run(["inspect", workshop.teacher]).output
            #expect(text.contains("fits resnet14 for 100 classes: give --model resnet14"))
        }

        @Test("says what keeps weights from fitting, and what is no file of weights")
        func misfits() throws {
            let output = workshop.fresh("folded") + ".pth"
            _ = try workshop.run([
                "export", workshop.teacher, "--model", "resnet14", "--format", "pth", "--fold",
                "--output", output,
            ])
            let outcome = try workshop.run(["inspect", output])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains(": PyTorch, "))
            #expect(
                outcome.output.contains(
                    "fits no network of `reviewkd models`; the nearest is resnet"))
            #expect(outcome.output.contains("missing"))
            let report = try workshop.run(["inspect", output, "--json"]).json()
            #expect((report["fits"] as? [Any])?.isEmpty == true)
            let other = try workshop.run(["inspect", "pair.yaml"])
            #expect(other.status == 1)
            #expect(other.sentence.contains("is a text, not a weights file this tool reads"))
            let folder = try workshop.run(["inspect", workshop.reference])
            #expect(folder.sentence.contains("is the folder of a run. Expected a file of weights"))
        }
    }
}

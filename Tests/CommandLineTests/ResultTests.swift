import Crypto
import Foundation
import Testing

extension CommandLineSuite {
    @Suite("Results")
    struct ResultTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("The written weights evaluate to what the last epoch's metrics say")
        func evaluateWrittenWeights() throws {
            let result = try evaluate(workshop.reference + "/student-last.safetensors").json()
            #expect(result.keys.sorted() == ["count", "loss", "top1", "top5"])
            let metrics = try #require(workshop.metrics(workshop.reference).last)
            let test = try #require(metrics["test"] as? [String: Any])
            #expect(NSDictionary(dictionary: result) == NSDictionary(dictionary: test))
            #expect(result["count"] as? Int == 16)
        }

        @Test("CIFAR-10's images are evaluated with CIFAR-10's constants where none are given")
        func evaluateCIFAR10() throws {
            let data = workshop.fresh("data")
            for (name, seed) in [("test_batch", UInt64(9))]
                + (1...5).map({ ("data_batch_\($0)", $0) })
            {
                try workshop.write(
                    SmallData.records(8, seed: seed, labels: [10]),
                    to: "\(data)/cifar-10-batches-bin/\(name).bin")
            }
            let run = workshop.fresh("cifar10")
            let trained = try workshop.run([
                "train", "pair.yaml", "--set", "dataset.name=cifar10", "--data", data, "--output",
                run, "--quiet",
            ])
            #expect(trained.status == 0, "\(trained.errors)")
            func evaluate(_ also: [String] = []) throws -> Double? {
                try workshop.run(
                    [
                        "evaluate", run + "/student-last.safetensors", "--model", "resnet8",
                        "--dataset", "cifar10", "--data", data, "--json",
                    ] + also
                ).json()["loss"] as? Double
            }
            let metrics = try #require(workshop.metrics(run).last)
            let test = try #require(metrics["test"] as? [String: Any])
            #expect(try evaluate() == test["loss"] as? Double)
            let others = ["--mean", ".507,.4865,.4409", "--std", ".2673,.2564,.2761"]
            #expect(try evaluate(others) != evaluate())
        }

        @Test("Metrics have one line an epoch with the documented keys")
        func metricsKeys() throws {
            let lines = try workshop.metrics(workshop.reference)
            let digest = SHA256.hash(data: try workshop.read(workshop.teacher))
            let teacher = digest.map { String(format: "%02x", $0) }.joined()
            #expect(lines.map { $0["epoch"] as? Int } == [1, 2])
            #expect(lines.map { $0["step"] as? Int } == [Workshop.steps / 2, Workshop.steps])
            #expect(lines.map { $0["teacher_top1"] is Double } == [true, false])
            for line in lines {
                #expect(
                    line.keys.filter { $0 != "teacher_top1" }.sorted() == [
                        "epoch", "images_per_second", "kernels", "learning_rate",
                        "peak_memory_bytes", "revision", "seconds", "step", "teacher", "test",
                        "threads", "train", "training_images",
                    ])
                #expect(line["teacher"] as? String == teacher)
                let train = try #require(line["train"] as? [String: Any])
                #expect(train.keys.sorted() == ["cross_entropy", "review", "top1", "total"])
                let test = try #require(line["test"] as? [String: Any])
                #expect(test.keys.sorted() == ["count", "loss", "top1", "top5"])
            }
        }

        @Test(
            "--method trains by other methods, whose terms are in the metrics and whose name is kept"
        )
        func method() throws {
            for (method, terms) in [("crd", ["crd"]), ("reviewkd+dkd", ["dkd", "review"])] {
                let output = workshop.fresh("method")
                let arguments = workshop.distill(to: output) + ["--method", method]
                let outcome = try workshop.run(arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let line = try #require(workshop.metrics(output).last)
                let train = try #require(line["train"] as? [String: Any])
                #expect(
                    train.keys.sorted() == (terms + ["cross_entropy", "top1", "total"]).sorted())
                let recipe = String(
                    decoding: try workshop.read(output + "/recipe.yaml"), as: UTF8.self)
                #expect(recipe.contains("  name: \(method)\n"))
                let resumed = try workshop.run(workshop.distill(to: output) + ["--resume"])
                #expect(resumed.status == 1)
                #expect(resumed.errors.contains("method.name"))
            }
        }

        @Test("--set gives the values of the method that --method names")
        func valuesOfMethod() throws {
            let output = workshop.fresh("fitnet")
            let outcome = try workshop.run(
                workshop.distill(to: output) + [
                    "--set", "method.fitnet.stage=2", "--method", "fitnet", "--set", "seed=3",
                    "--max-steps", "1",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let recipe = String(
                decoding: try workshop.read(output + "/recipe.yaml"), as: UTF8.self)
            #expect(recipe.contains("stage: 2") && recipe.contains("seed: 3"), "\(recipe)")
            let others = try workshop.run(
                workshop.distill(to: workshop.fresh("kd")) + [
                    "--set", "method.fitnet.stage=2", "--method", "kd",
                ])
            #expect(others.sentence.contains("--set method.fitnet.stage=2"), "\(others.errors)")
        }

        @Test("--method alone trains as train does, names no teacher and says that none is used")
        func alone() throws {
            let taught = workshop.fresh("alone")
            let single = workshop.fresh("alone")
            let note = "note: the method is alone, so the file of --teacher is not used\n"
            for file in ["nofile.pt", workshop.teacher] {
                let first = try workshop.run(
                    workshop.distill(to: taught, teacher: file)
                        + ["--method", "alone", "--resume"])
                #expect(first.status == 0, "\(first.errors)")
                #expect(first.errors.contains(note), "\(first.errors)")
            }
            let distilled = try workshop.run(
                workshop.distill(to: workshop.reference) + ["--resume"])
            #expect(!distilled.errors.contains("is not used"))
            let second = try workshop.run([
                "train", "pair.yaml", "--data", "data", "--output", single, "--quiet",
            ])
            #expect(second.status == 0, "\(second.errors)")
            #expect(try #require(workshop.metrics(taught).last)["teacher"] == nil)
            let weights = "/student-last.safetensors"
            try #expect(workshop.read(taught + weights) == workshop.read(single + weights))
        }

        @Test("bench --profile adds the time of each part of a step, data preparation included")
        func profile() throws {
            let result = try workshop.run([
                "bench", "pair.yaml", "--batch-size", "2", "--steps", "2", "--profile", "--json",
            ]).json()
            let parts = try #require(result["parts"] as? [[String: Any]])
            #expect(
                parts.compactMap { $0["name"] as? String } == [
                    "data", "teacher", "student forward", "ABF forward", "HCL forward", "backward",
                    "optimizer", "rest",
                ])
            #expect(parts.allSatisfy { ($0["ms"] as? Double ?? 0) > 0 })
        }

        @Test("bench reports the documented keys", arguments: ["distill", "train", "evaluate"])
        func bench(work: String) throws {
            let outcome = try workshop.run([
                "bench", "pair.yaml", "--work", work, "--batch-size", "2", "--steps", "2",
                "--threads", "1", "--json",
            ])
            let report = try outcome.json()
            #expect(
                report.keys.sorted() == [
                    "batch_size", "device", "fastest_ms_per_step", "images_per_second",
                    "ms_per_step", "peak_memory_bytes", "precision", "recipe", "steps", "threads",
                    "work",
                ])
            #expect(report["work"] as? String == work)
            #expect(report["recipe"] as? String == "test/pair")
            #expect(report["device"] as? String == "cpu")
            #expect(report["precision"] as? String == "float32")
            #expect(report["batch_size"] as? Int == 2)
            #expect(report["steps"] as? Int == 2)
            #expect(report["threads"] as? Int == 1)
            let milliseconds = try #require(report["ms_per_step"] as? Double)
            let speed = try #require(report["images_per_second"] as? Double)
            #expect(abs(speed * milliseconds - 2000) < 1e-6)
        }

        @Test("models, recipes and devices speak JSON")
        func lists() throws {
            let models = try #require(
                workshop.run(["models", "--json"]).json()["models"] as? [[String: Any]])
            let resnet20 = try #require(models.first { $0["name"] as? String == "resnet20" })
            #expect(
                resnet20.keys.sorted() == [
                    "classes", "image_size", "multiply_accumulates", "name", "parameters",
                    "pooled_channels", "stages",
                ])
            let resnet34 = try #require(
                models.first { $0["name"] as? String == "imagenet-ResNet34" })
            #expect(resnet34["image_size"] as? Int == 224)
            #expect(resnet34["classes"] as? Int == 1000)
            // As published with torchvision's weights.
            #expect(resnet34["parameters"] as? Int == 21_797_672)
            #expect((resnet34["multiply_accumulates"] as? Int).map { $0 / 1_000_000 } == 3663)
            // The sum over the shapes of the trainable tensors in Tests/Fixtures/architectures.json.
            #expect(resnet20["parameters"] as? Int == 278_324)

            let one = try #require(
                workshop.run(["models", "ResNet56", "--json"]).json()["models"] as? [[String: Any]])
            #expect(one.map { $0["name"] as? String } == ["resnet56"])

            let recipes = try #require(
                workshop.run(["recipes", "--json"]).json()["recipes"] as? [[String: Any]])
            #expect(recipes.allSatisfy { $0.keys.sorted() == ["description", "name"] })
            let recipeNames = recipes.compactMap { $0["name"] as? String }
            for name in ["resnet56", "resnet56-resnet20", "resnet56-resnet20-short"] {
                #expect(recipeNames.contains("cifar100/\(name)"))
            }

            let devices = try workshop.run(["devices", "--json"]).json()
            #expect(
                devices.keys.sorted() == [
                    "amx_bfloat16", "built_with_cuda", "cards", "convolution", "cpu_capability",
                    "devices", "libtorch", "missing", "native_bfloat16", "threads",
                ])
            let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            let unit = flags.contains(" amx_bf16") ? "amx" : "avx512"
            let kernel = flags.contains(" avx512_bf16") ? unit : "onednn"
            #expect(devices["convolution"] as? String == kernel)
            let names = try #require(devices["devices"] as? [String])
            let cards = try #require(devices["cards"] as? [[String: Any]])
            #expect(names == ["cpu"] + cards.compactMap { $0["device"] as? String })
            // Either there is a card, or a reason why there is none.
            let missing = try #require(devices["missing"] as? [[String: String]])
            #expect(missing.map { $0["device"] } == (cards.isEmpty ? ["cuda"] : []))
            #expect(missing.allSatisfy { !($0["reason"] ?? "").isEmpty })
        }

        @Test("models lists detectors beside the networks that classify, or describes one")
        func detectors() throws {
            let all = try workshop.run(["models", "--json"]).json()
            let detectors = try #require(all["detectors"] as? [[String: Any]])
            let tests = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent()
            let published = try JSONSerialization.jsonObject(
                with: Data(
                    contentsOf: tests.appending(
                        components: "Fixtures", "detection", "architectures-detection.json")))
            let models = try #require((published as? [String: Any])?["models"] as? [String: Any])
            #expect(models.count == 11)
            for (name, facts) in models {
                let parts = name.split(separator: "-").map(String.init)
                let own = try #require(
                    detectors.first { $0["name"] as? String == parts.joined(separator: "_") })
                #expect(own["family"] as? String == parts[0])
                #expect(own["backbone"] as? String == parts[1])
                #expect(own["classes"] as? Int == 80)
                let parameters = (facts as? [String: Any])?["parameters"] as? Int
                #expect(parameters != nil && own["parameters"] as? Int == parameters, "\(name)")
                let levels = try #require(own["levels"] as? [[String: Int]])
                #expect(levels.allSatisfy { $0["channels"] == 256 })
                let strides = [4, 8, 16, 32, 64].map { parts[0] == "retinanet" ? 2 * $0 : $0 }
                #expect(levels.map { $0["reduction"] } == strides)
            }

            let one = try workshop.run(["models", "RetinaNet_r50", "--json"]).json()
            #expect((one["models"] as? [Any])?.isEmpty == true)
            let found = try #require(one["detectors"] as? [[String: Any]])
            #expect(found.map { $0["name"] as? String } == ["retinanet_R50"])

            let text = try workshop.run(["models"]).output.split(separator: "\n")
            #expect(text.contains { $0.hasPrefix("resnet20 ") })
            #expect(
                text.contains {
                    $0.wholeMatch(
                        of:
                            /mask_rcnn_MV2 +mask_rcnn +MV2 +80 +\d+ +256\/4 256\/8 256\/16 256\/32 256\/64/
                    )
                        != nil
                })
            let described = try workshop.run(["models", "faster_rcnn_R18"]).output
            #expect(described.split(separator: "\n").count == 3)
            #expect(described.hasPrefix("detector "))
        }

        @Test("A shipped recipe is printed from any folder, and that text trains the same")
        func showRecipe() throws {
            let shown = try workshop.run(["recipes", "show", "cifar100/resnet56-resnet20"])
            #expect(shown.status == 0)
            let tests = URL(filePath: #filePath).deletingLastPathComponent()
            let file = tests.appending(
                path: "../../Sources/Recipes/Shipped/cifar100/resnet56-resnet20.yaml")
            try #expect(shown.output == String(contentsOf: file, encoding: .utf8))
        }

        @Test("Results go to standard output, progress and notes to standard error")
        func streams() throws {
            let arguments = workshop.distill(to: workshop.fresh("loud")).filter { $0 != "--quiet" }
            let outcome = try workshop.run(arguments)
            #expect(outcome.status == 0)
            #expect(outcome.output.hasPrefix("Test accuracy after the last epoch (2): "))
            #expect(!outcome.output.contains("note: "))
            #expect(outcome.errors.contains("note: train: only 32 of the published 50000 images"))
            #expect(outcome.errors.contains("epoch 2/2"))
            #expect(!outcome.errors.contains("\u{1B}"))

            let quiet = try workshop.run(workshop.distill(to: workshop.fresh("quiet")))
            let lines = quiet.errors.split(separator: "\n")
            #expect(lines.allSatisfy { $0.hasPrefix("note: ") || $0.hasPrefix("warning: ") })
        }

        @Test("The best test epoch is named only where it is asked for, as chosen on the test set")
        func bestTest() throws {
            let arguments = workshop.distill(to: workshop.fresh("best"))
            let plain = try workshop.run(arguments)
            #expect(plain.status == 0 && !plain.output.contains("Best test epoch"))
            let asked = try workshop.run(arguments + ["--resume", "--best-test"])
            let tops = try workshop.metrics(workshop.reference).compactMap {
                ($0["test"] as? [String: Any])?["top1"] as? Double
            }
            let best = String(format: "%.2f %%.", try #require(tops.max()))
            #expect(asked.output.contains("Best test epoch, chosen on the test set"))
            #expect(asked.output.contains(best), "\(asked.output)")
        }

        @Test("A terminal shows a bar, in colour unless NO_COLOR asks for none")
        func terminal() throws {
            func show(_ environment: [String: String]) throws -> String {
                let arguments = workshop.distill(to: workshop.fresh("shown"))
                let terminal = try Terminal()
                let run = try RunningTool(
                    arguments.filter { $0 != "--quiet" }, in: workshop.folder,
                    environment: environment, terminal: terminal.keyboard)
                return terminal.contents(of: run)
            }
            let colored = try show(["NO_COLOR": ""])
            #expect(colored.contains("█"))
            #expect(colored.contains("\u{1B}[36m"))
            let plain = try show(["NO_COLOR": "1"])
            #expect(plain.contains("█"))
            #expect(!plain.contains("\u{1B}[36m") && !plain.contains("\u{1B}[1m"))
        }

        @Test("A validation split picks the best weights, not the test set")
        func validationSplit() throws {
            let output = workshop.fresh("split")
            let outcome = try workshop.run(
                workshop.distill(to: output) + ["--set", "validation.split=8", "--epochs", "3"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try workshop.metrics(output)
            var best: (top1: Double, test: NSDictionary)?
            for line in lines {
                let validation = try #require(line["validation"] as? [String: Any])
                let test = try #require(line["test"] as? [String: Any])
                #expect(validation["count"] as? Int == 8)
                let top1 = try #require(validation["top1"] as? Double)
                if best.map({ top1 > $0.top1 }) ?? true {
                    best = (top1, NSDictionary(dictionary: test))
                }
            }
            // 24 of 32 images in batches of 8.
            #expect(lines.map { $0["step"] as? Int } == [3, 6, 9])
            let written = try evaluate(output + "/student-best.safetensors").json()
            #expect(NSDictionary(dictionary: written) == best?.test)
            #expect(outcome.output.contains("Best validation epoch: "))
            #expect(!outcome.output.contains("Best test epoch"))
            #expect(!workshop.exists(workshop.reference + "/student-best.safetensors"))
        }

        @Test("--version names the tool, LibTorch, the build and its commit")
        func version() throws {
            let outcome = try workshop.run(["--version"])
            let expected =
                /reviewkd \d+\.\d+\.\d+, LibTorch \d+\.\d+\.\d+\S* \((debug|release) build of \S+\)\s/
            #expect(outcome.output.wholeMatch(of: expected) != nil, "\(outcome.output)")
        }

        @Test("--help lists the commands")
        func help() throws {
            let outcome = try workshop.run(["--help"], environment: ["COLUMNS": "80"])
            #expect(outcome.status == 0)
            #expect(outcome.output == Self.helpText)
        }

        private func evaluate(_ weights: String) throws -> Outcome {
            try workshop.run([
                "evaluate", weights, "--model", "resnet8", "--dataset", "cifar100", "--data",
                "data", "--json",
            ])
        }

        private static let helpText = """
            OVERVIEW: Trains small vision networks under the guidance of large ones
            (ReviewKD).

            USAGE: reviewkd <subcommand>

            OPTIONS:
              --version               Show the version.
              -h, --help              Show help information.

            SUBCOMMANDS:
              demo                    Watch ReviewKD beat the student trained alone, in a
                                      few minutes.
              train                   Train one network alone. A pair's recipe gives its
                                      student.
              distill                 Train a student under a teacher's guidance.
              reproduce               Train the runs of the paper's table, and compare them
                                      with the published ones.
              ablate                  Vary one part of ReviewKD, and compare with the whole
                                      method and the student alone.
              evaluate                Measure a network's accuracy on a test set.
              predict                 Name what photographs show, or the objects in them.
              bench                   Measure the time of whole steps on synthetic images,
                                      or of loading photographs.
              export                  Write a network for other programs: safetensors,
                                      PyTorch's .pth or ONNX.
              inspect                 Say what a file of weights holds, and which networks
                                      it fits.
              models                  List the networks and detectors, or describe one.
              recipes                 List the shipped recipes, or show one.
              runs                    List, compare and export recorded runs.
              report                  Write one HTML file about runs: tables, curves,
                                      classes, what the review does.
              dashboard               Show the recorded runs on a page in the browser while
                                      they go on.
              datasets                Download data sets.
              coco                    Work with annotations and results in the form of COCO.
              devices                 Show the devices, and why one is missing.
              completions             Print what completes this program's commands and
                                      options in a shell.

              See 'reviewkd help <subcommand>' for detailed help.

            """
    }
}

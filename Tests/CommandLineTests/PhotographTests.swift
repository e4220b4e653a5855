import ArchivesTestSupport
import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Photographs")
    struct PhotographTests {
        private let studio: PhotoStudio
        private var workshop: Workshop { studio.workshop }

        init() throws { studio = try PhotoStudio.shared() }

        private func weights(_ output: String) throws -> Data {
            try workshop.read(output + "/student-last.safetensors")
        }

        @Test("A run killed within an epoch with four workers goes on with one to the same bytes")
        func killed() throws {
            let output = workshop.fresh("photo-killed")
            let arguments = studio.train(to: output) + ["--checkpoint-every", "1"]
            let run = try workshop.start(arguments + ["--workers", "4"])
            workshop.waitForCheckpoint(of: run, output)
            run.send(SIGKILL)
            _ = try run.outcome()
            let checkpoint = try workshop.checkpoints(output).last ?? "none"
            #expect(checkpoint < "step-0000000005", "it was to die within the first epoch")
            let resumed = try workshop.run(arguments + ["--workers", "1", "--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            try #expect(weights(output) == weights(studio.reference))
        }

        @Test("Shards with folders inside, in one shard for each split, hold the same classes")
        func shards() throws {
            let data = workshop.fresh("shards")
            for split in ["train", "val"] {
                var tar = TarFixture()
                for (path, contents) in PhotoStudio.photographs where path.hasPrefix(split) {
                    tar.add(path, Array(contents))
                }
                try workshop.write(Data(tar.whole), to: "\(data)/\(split)-00000.tar")
            }
            let folder = try evaluate(data: "photos")
            let shards = try evaluate(data: data)
            #expect(folder["loss"] as? Double == shards["loss"] as? Double)
            #expect(shards["count"] as? Int == 12)
        }

        @Test("A file that cannot be read is named and skipped, and a second one ends the run")
        func unreadable() throws {
            let data = workshop.fresh("unreadable")
            try studio.write(to: data)
            try workshop.write(Data("no picture".utf8), to: "\(data)/train/otter/3.png")
            let output = workshop.fresh("photo-skipping")
            let skipped = try workshop.run(
                studio.train(to: output, data: data) + ["--workers", "4"])
            #expect(skipped.status == 0, "\(skipped.errors)")
            #expect(
                skipped.errors.contains(
                    "note: \(data)/train/otter/3.png cannot be read and is skipped: expected a "
                        + "JPEG, PNG or WebP picture, found something else (1 of at most 1)"),
                "\(skipped.errors)")
            try workshop.write(Data(), to: "\(data)/train/pike/1.png")
            let ended = try workshop.run(
                studio.train(to: workshop.fresh("photo-ending"), data: data) + ["--workers", "4"])
            #expect(ended.status == 1)
            #expect(
                ended.sentence
                    == "Error: 2 of 24 images cannot be read, at most 1 may be: otter/3.png: "
                    + "expected a JPEG, PNG or WebP picture, found something else; pike/1.png: "
                    + "expected a picture, found an empty file; mend or remove them, or allow "
                    + "more with --max-unreadable 2")
            let none = try workshop.run(
                studio.train(to: workshop.fresh("photo-none"), data: data)
                    + ["--max-unreadable", "0"])
            #expect(none.sentence.hasPrefix("Error: 1 of 24 images cannot be read, none may be: "))
        }

        @Test(
            "Evaluation takes no unreadable file unless it is allowed, and then counts without it")
        func unreadableInEvaluation() throws {
            let data = workshop.fresh("unreadable-val")
            try studio.write(to: data)
            let whole = try workshop.read("\(data)/val/heron/0.png")
            try workshop.write(whole.prefix(whole.count / 2), to: "\(data)/val/heron/0.png")
            let refused = try workshop.run(evaluation(data: data))
            #expect(refused.status == 1)
            #expect(
                refused.sentence.hasPrefix(
                    "Error: 1 of 12 images cannot be read, none may be: heron/0.png: the PNG picture "
                        + "is truncated"), "\(refused.sentence)")
            let allowed = try evaluate(data: data, also: ["--max-unreadable", "1"])
            #expect(allowed["count"] as? Int == 11)
        }

        @Test("predict gives the probabilities whose logarithms make evaluate's loss")
        func predictions() throws {
            let scores = try evaluate(data: "photos")
            let outcome = try workshop.run(
                [
                    "predict", studio.reference + "/student-last.safetensors", "photos/val",
                    "--json", "--top", "3",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            var (loss, hits, count) = (0.0, 0.0, 0.0)
            for line in outcome.output.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let fields = try #require(object as? [String: Any])
                let image = try #require(fields["image"] as? String)
                let classes = try #require(fields["predictions"] as? [[String: Any]])
                let truth = image.split(separator: "/").dropLast().last.map(String.init)
                let found = classes.first { $0["name"] as? String == truth }
                loss -= log(try #require(found?["probability"] as? Double))
                hits += classes[0]["name"] as? String == truth ? 1 : 0
                count += 1
            }
            #expect(count == 12)
            let expected = try #require(scores["loss"] as? Double)
            #expect(abs(loss / count - expected) < 1e-5 * expected)
            #expect(scores["top1"] as? Double == 100 * hits / count)
        }

        @Test("What is wrong with predict's arguments is said in a sentence")
        func wrongPredictions() throws {
            let file = studio.reference + "/student-last.safetensors"
            try workshop.write(Data("a\nb\n".utf8), to: "two.txt")
            let cases: [(arguments: [String], sentence: String)] = [
                (
                    [file, "photos/val/pike/0.png", "--top", "4"],
                    "Error: --top is 4, expected at most the number of classes, 3"
                ),
                (
                    [workshop.teacher, "photos/val", "--model", "resnet14"],
                    "Error: \(workshop.teacher) does not say what its classes are called; give a "
                        + "file of names with --classes"
                ),
                (
                    [workshop.teacher, "photos/val"],
                    "Error: \(workshop.teacher) does not say which network it is of; give --model"
                ),
            ]
            for (arguments, sentence) in cases {
                let outcome = try workshop.run(["predict"] + arguments)
                #expect(outcome.status == 64)
                #expect(outcome.sentence == sentence)
            }
            let other = try workshop.run(["predict", file, "photos/val", "--classes", "two.txt"])
            #expect(other.status == 1)
            #expect(
                other.sentence.contains("they are for 3 classes, expected 2"), "\(other.sentence)")
            let absent = try workshop.run(["predict", file, "photos/nothing.png"])
            #expect(absent.sentence.hasPrefix("Error: photos/nothing.png could not be read"))
        }

        @Test("A resumed run refuses other images, and tells of files that were written again")
        func otherImages() throws {
            let data = workshop.fresh("changing")
            try studio.write(to: data)
            let output = workshop.fresh("photo-changing")
            let arguments = studio.train(to: output, data: data)
            _ = try workshop.run(arguments + ["--max-steps", "2"])
            let image = try workshop.read("\(data)/train/pike/2.png")
            try workshop.write(image, to: "\(data)/train/pike/2.png")
            let again = try workshop.run(arguments + ["--max-steps", "3", "--resume"])
            #expect(again.status == 0, "\(again.errors)")
            #expect(
                again.errors.contains(
                    "\(data)/train/pike/2.png was written again since the run began"))
            try workshop.write(image + [0], to: "\(data)/train/pike/2.png")
            let refused = try workshop.run(arguments + ["--resume"])
            #expect(refused.status == 1)
            #expect(
                refused.sentence
                    == "Error: \(data)/train does not hold the images that the run was begun with, "
                    + "which \(output)/images-train.txt.gz lists. pike/2.png has another size. Give "
                    + "the same --data, or choose another --output.")
        }

        @Test("Options and keys of photographs are refused where there are none")
        func noPhotographs() throws {
            let output = workshop.fresh("photo-options")
            let workers = try workshop.run(
                workshop.distill(to: output) + ["--workers", "2"])
            #expect(
                workers.sentence
                    == "Error: --workers is for photographs, and the data set cifar100 has none; "
                    + "leave it out")
            let size = try workshop.run(
                workshop.distill(to: output) + ["--set", "dataset.image_size=64"])
            #expect(size.sentence.contains("dataset.image_size"))
            #expect(size.sentence.contains("dataset.name is cifar100"))
            let padding = try workshop.run(
                studio.train(to: output) + ["--set", "dataset.augmentation.crop_padding=4"])
            #expect(padding.sentence.contains("photographs are cropped at random"))
            #expect(!workshop.exists(output))
        }

        @Test("Grey images of 16 bits are named once, unless they are scaled")
        func sixteenBitGrey() throws {
            let data = workshop.fresh("grey")
            try studio.write(to: data)
            for name in ["8", "9"] {
                let bytes = (0..<(40 * 40)).flatMap { place -> [UInt8] in [UInt8(place % 251), 77] }
                try workshop.write(
                    PNG.encode(bytes, width: 40, height: 40, isSixteenBitGrey: true),
                    to: "\(data)/train/pike/\(name).png")
            }
            func notes(_ also: [String]) throws -> Int {
                let run = try workshop.run(
                    studio.train(to: workshop.fresh("photo-grey"), data: data) + also)
                #expect(run.status == 0, "\(run.errors)")
                return run.errors.split(separator: "\n").count {
                    $0.contains("grey images of 16 bits")
                }
            }
            #expect(try notes([]) == 1)
            #expect(try notes(["--set", "dataset.scale_16_bit_grey=true"]) == 0)
        }

        @Test(
            "A dry run says how many steps there would be and how long they take, and writes nothing"
        )
        func dryRun() throws {
            let output = workshop.fresh("photo-dry")
            let outcome = try workshop.run(studio.train(to: output) + ["--dry-run"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.output.hasPrefix(
                    "test/photographs: 2 epochs of 24 images, 10 steps; about "),
                "\(outcome.output)")
            #expect(!workshop.exists(output))
        }

        @Test("are read by the steps that are timed, and are a part of each")
        func timedSteps() throws {
            let report = try workshop.run([
                "bench", "photos.yaml", "--work", "train", "--data", "photos", "--profile",
                "--steps", "9", "--json",
            ]).json()
            #expect(report["batch_size"] as? Int == 5)
            let parts = try #require(report["parts"] as? [[String: Any]])
            let data = try #require(parts.first { $0["name"] as? String == "data" })
            #expect(try #require(data["ms"] as? Double) > 0)
            for (arguments, sentence) in [
                (
                    ["photos.yaml", "--work", "train", "--batch-size", "25"],
                    "photos has 24 photographs, expected a batch of 25; use --batch-size 24"
                ),
                (
                    ["pair.yaml"],
                    "the recipe test/pair is not of photographs, expected one for --data; leave it out"
                ),
                (
                    ["photos.yaml", "--work", "evaluate"],
                    "--data is for --work distill, train, load, load-evaluate or load-decode; leave it out"
                ),
            ] {
                let outcome = try workshop.run(["bench", "--data", "photos"] + arguments)
                #expect(outcome.status != 0)
                #expect(outcome.sentence == "Error: \(sentence)", "\(outcome.errors)")
            }
        }

        @Test("The loader is measured on folders without classes too")
        func loaderBench() throws {
            for work in ["load", "load-evaluate", "load-decode"] {
                let outcome = try workshop.run(
                    [
                        "bench", "--work", work, "--data", "photos/val/pike", "--threads", "2",
                        "--steps", "2", "--batch-size", "3", "--json",
                    ])
                let report = try outcome.json()
                #expect(report["images"] as? Int == 4)
                #expect(report["threads"] as? Int == 2)
                #expect(try #require(report["images_per_second"] as? Double) > 0)
            }
            let nowhere = try workshop.run(["bench", "--work", "load"])
            #expect(
                nowhere.sentence
                    == "Error: --work load needs photographs; give their folder with --data")
        }

        private func evaluation(data: String) -> [String] {
            [
                "evaluate", studio.reference + "/student-last.safetensors", "--model", "resnet8",
                "--dataset", "folder", "--data", data, "--image-size", "32", "--json",
            ]
        }

        private func evaluate(data: String, also: [String] = []) throws -> [String: Any] {
            let outcome = try workshop.run(evaluation(data: data) + also)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.json()
        }
    }
}

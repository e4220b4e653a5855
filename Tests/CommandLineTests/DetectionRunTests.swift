import Foundation
import Testing

/// Detectors trained, resumed and judged by the built program.
@Suite("Detectors on the command line") struct DetectionRunTests {
    private let studio: DetectionStudio
    private var workshop: Workshop { studio.workshop }

    init() throws { studio = try DetectionStudio.shared() }

    @Test("A run records every loss by its name, and COCO's figures")
    func records() throws {
        let metrics = try workshop.metrics(studio.reference)
        #expect(metrics.count == 2)
        let last = try #require(metrics.last)
        let train = try #require(last["train"] as? [String: Double])
        for name in ["rpn_class", "rpn_box", "class", "box", "total"] {
            #expect(try #require(train[name]).isFinite, "\(name)")
        }
        let total = ["rpn_class", "rpn_box", "class", "box"].reduce(0) { $0 + (train[$1] ?? .nan) }
        #expect(abs(total - (train["total"] ?? .nan)) < 1e-5 * total)
        let test = try #require(last["test"] as? [String: Double])
        #expect(test["count"] == 3)
        for name in ["AP", "AP50", "AP75", "AR1", "AR100"] {
            #expect((-1...1).contains(try #require(test[name])), "\(name)")
        }
    }

    @Test(
        "A finished run's file evaluates to the figures that the run reported, and its results to them again"
    )
    func evaluation() throws {
        let results = "\(workshop.fresh("found")).json"
        let outcome = try workshop.run([
            "evaluate", "\(studio.reference)/student-last.safetensors", "--model",
            "faster_rcnn_r18", "--dataset", "coco", "--data", "rectangles", "--results", results,
            "--json", "--threads", "1",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try outcome.json()
        let test = try #require(
            try workshop.metrics(studio.reference).last?["test"] as? [String: Double])
        for (name, value) in test {
            #expect(try #require(found[name] as? Double) == value, "\(name)")
        }
        let again = try workshop.run([
            "coco", "evaluate", "--annotations",
            "rectangles/annotations/instances_val2017.json", "--results", results, "--type",
            "bbox", "--json",
        ])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try again.json()["AP"] as? Double == test["AP"])
    }

    @Test(
        "Two processes that are stopped and go on end with the bytes of those left alone, and judge as one does",
        arguments: ["faster_rcnn_R18", "retinanet_R18"])
    func processes(model: String) throws {
        // One of them alone knows proposals.
        let two = [
            "--processes", "2", "--set", "student.model=\(model)", "--set",
            model.hasPrefix("retinanet") ? "detector.proposals=null" : "detector.proposals=30",
        ]
        let (alone, output) = (workshop.fresh("two"), workshop.fresh("two-stopped"))
        let whole = try workshop.run(studio.train(to: alone) + two)
        #expect(whole.status == 0, "\(whole.errors)")
        let stopped = try workshop.run(studio.train(to: output) + two + ["--max-steps", "2"])
        #expect(stopped.status == 0, "\(stopped.errors)")
        let resumed = try workshop.run(studio.train(to: output) + two + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        let file = "student-last.safetensors"
        try #expect(workshop.read("\(output)/\(file)") == workshop.read("\(alone)/\(file)"))
        let found = try [["--threads", "1"], ["--threads", "1", "--processes", "2"]].map {
            let results = "\(workshop.fresh("found")).json"
            let outcome = try workshop.run(
                [
                    "evaluate", "\(alone)/\(file)", "--model", model, "--dataset", "coco", "--data",
                    "rectangles", "--results", results, "--json",
                ] + $0)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return (figures: outcome.output, results: try workshop.read(results))
        }
        #expect(found[0].figures == found[1].figures)
        #expect(found[0].results == found[1].results)
        // A RetinaNet that has seen so little is sure of nothing.
        #expect(model.hasPrefix("retinanet") || found[0].results.count > 2)
    }

    @Test("The bottom-up network and the pyramid of a run's file are written for ONNX")
    func export() throws {
        let output = workshop.fresh("pyramid") + ".onnx"
        let arguments = [
            "export", "\(studio.reference)/student-last.safetensors", "--format", "onnx",
            "--output",
            output,
        ]
        let outcome = try workshop.run(arguments + ["--json", "--fold"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try outcome.json()
        #expect(
            report["strides"] as? [String: Int] == [
                "p2": 4, "p3": 8, "p4": 16, "p5": 32, "p6": 64,
            ])
        #expect(report["bytes"] as? Int == (try workshop.read(output)).count)
        let told = try workshop.run(arguments)
        #expect(told.output.contains("its heads are not in the file"))
        let small = try workshop.run(arguments + ["--image-size", "64"])
        #expect(small.errors.contains("--image-size is for networks that name one class a picture"))
    }

    @Test(
        "A report of detectors has each picture as annotated, and as each run and the teacher see it"
    )
    func report() throws {
        let page = workshop.fresh("objects") + ".html"
        let arguments = [
            "report", studio.reference, "--data", "rectangles", "--output", page, "--images",
        ]
        let outcome = try workshop.run(arguments + ["0,2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = String(decoding: try workshop.read(page), as: UTF8.self)
        let drawings = text.matches(of: #/data:image/png;base64,([A-Za-z0-9+/=]+)" alt="([^"]+)"/#)
        #expect(
            drawings.map { String($0.2) }
                == [0, 2].flatMap { picture in
                    ["annotated", studio.reference].map { "test picture \(picture), \($0)" }
                })
        // The same drawing as `coco show` makes of what `evaluate` found.
        let (results, folder) = ("\(workshop.fresh("found")).json", workshop.fresh("shown"))
        for step in [
            [
                "evaluate", "\(studio.reference)/student-last.safetensors", "--model",
                "faster_rcnn_r18", "--dataset", "coco", "--data", "rectangles", "--results",
                results, "--precision", "float32",
            ],
            [
                "coco", "show", "3", "--data", "rectangles", "--split", "val", "--results", results,
                "--min-score", "0.5", "--output", folder,
            ],
        ] {
            let outcome = try workshop.run(step)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(
            try workshop.read("\(folder)/3.png").base64EncodedString() == String(drawings[3].1))
        let wrong = try workshop.run(arguments + ["7"])
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("no test picture 7, expected a position of at most 2"))
    }

    @Test("A run that was stopped within an epoch and resumed ends in the same bytes")
    func resumed() throws {
        let output = workshop.fresh("rectangles")
        let stopped = try workshop.run(studio.train(to: output) + ["--max-steps", "4"])
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(stopped.output.hasPrefix("Stopped after step 4"))
        let resumed = try workshop.run(studio.train(to: output) + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        for file in ["student-last.safetensors"] {
            #expect(
                try workshop.read("\(output)/\(file)")
                    == workshop.read("\(studio.reference)/\(file)"))
        }
        #expect(try workshop.metrics(output).map { $0["step"] as? Int } == [3, 6])
    }

    @Test("A student learns from a teacher's pyramid, and the review term has a record of its own")
    func distilled() throws {
        let output = workshop.fresh("rectangles")
        let outcome = try workshop.run([
            "distill", "coco/faster_rcnn_R50-R18-short", "--teacher",
            "\(studio.reference)/student-last.safetensors", "--data", "rectangles", "--output",
            output, "--set", "teacher.model=faster_rcnn_R18", "--set",
            "dataset.fixed_size=[64,64]", "--set", "schedule.milestones=[]", "--epochs", "1",
            "--max-steps", "2", "--quiet", "--threads", "1",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let recipe = String(decoding: try workshop.read("\(output)/recipe.yaml"), as: UTF8.self)
        #expect(recipe.contains("weight: 1.2"))
        #expect(recipe.contains("fixed_size: [64, 64]"))
    }

    @Test("A teacher of another family is told by the strides of its pyramid")
    func otherPyramid() throws {
        let retina = workshop.fresh("retina")
        let trained = try workshop.run(
            studio.train(to: retina) + [
                "--set", "student.model=retinanet_R18", "--set", "detector.proposals=null",
                "--max-steps", "1",
            ])
        #expect(trained.status == 0, "\(trained.errors)")
        let outcome = try workshop.run([
            "distill", "coco/faster_rcnn_R50-R18-short", "--teacher",
            "\(retina)/student-last.safetensors", "--data", "rectangles", "--output",
            workshop.fresh("rectangles"), "--set", "teacher.model=retinanet_R18", "--quiet",
        ])
        #expect(outcome.status == 1)
        #expect(
            outcome.sentence.hasPrefix(
                "Error: teacher and student cannot be matched: the pyramid of the student has levels of "
                    + "stride 4, 8, 16, 32, 64, and that of the teacher of 8, 16, 32, 64, 128."),
            "\(outcome.errors)")
    }

    @Test("An image that is missing, or of another size than its entry, ends the run with its name")
    func badImages() throws {
        let data = workshop.fresh("rectangles")
        try studio.write(to: data)
        try FileManager.default.removeItem(at: workshop.url("\(data)/train2017/3.png"))
        let missing = try workshop.run(studio.train(to: workshop.fresh("run"), data: data))
        #expect(missing.status == 1)
        #expect(missing.sentence.contains("3.png: "), "\(missing.errors)")
        try workshop.copy("\(data)/train2017/2.png", to: "\(data)/train2017/3.png")
        let other = try workshop.run(studio.train(to: workshop.fresh("run"), data: data))
        #expect(other.status == 1)
        #expect(
            other.sentence.contains("3.png: it is 90 × 60 pixels, and its entry says 60 × 72"),
            "\(other.errors)")
    }

    @Test(
        "Detectors and data sets that do not go together are told",
        arguments: [
            (
                ["train", "cifar100/resnet20", "--set", "student.model=faster_rcnn_R18"],
                "faster_rcnn_R18 is a detector, and dataset.name is cifar100"
            ),
            (
                ["train", "coco/faster_rcnn_R18", "--set", "student.model=resnet20"],
                "resnet20 is no detector, which dataset.name coco needs"
            ),
            (
                ["train", "coco/faster_rcnn_R18"],
                "no folder of images is given for the data set coco"
            ),
            (
                ["train", "cifar100/resnet20", "--set", "detector.proposals=5"],
                "detector"
            ),
            (
                [
                    "distill", "coco/faster_rcnn_R50-R18", "--method", "kd", "--teacher", "x",
                    "--data", "rectangles",
                ], "kd"
            ),
        ])
    func mismatched(_ arguments: [String], _ sentence: String) throws {
        let outcome = try workshop.run(
            arguments + ["--output", workshop.fresh("run"), "--quiet"])
        #expect(outcome.status == 1)
        #expect(outcome.sentence.contains(sentence), "\(outcome.errors)")
    }

    @Test("Several seeds train as each of them alone, and leave a summary of COCO's figures")
    func seeds() throws {
        let output = workshop.fresh("rectangles")
        let arguments = studio.train(to: output) + ["--seeds", "7,0"]
        let outcome = try workshop.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let weights = "/student-last.safetensors"
        let reference = try workshop.read(studio.reference + weights)
        #expect(try workshop.read("\(output)/seed-0\(weights)") == reference)
        #expect(try workshop.read("\(output)/seed-7\(weights)") != reference)
        let summary = try workshop.read("\(output)/summary.json")
        let object = try #require(
            JSONSerialization.jsonObject(with: summary) as? [String: Any])
        #expect(object["seeds"] as? [Int] == [7, 0])
        #expect(object.count == 13)
        for name in ["AP", "AP50", "APs", "AR100"] {
            let found = try #require(object[name] as? [String: Any])
            let values = try ["seed-7", "seed-0"].map { folder in
                let last = try workshop.metrics("\(output)/\(folder)").last
                return try #require((last?["test"] as? [String: Any])?[name] as? Double)
            }
            #expect(found["values"] as? [Double] == values)
            let mean = try #require(found["mean"] as? Double)
            #expect(abs(mean - (values[0] + values[1]) / 2) < 1e-12)
        }
        #expect(outcome.output.contains("Test scores over 2 seed(s): AP "))
        #expect(outcome.output.hasSuffix("; summary: \(output)/summary.json\n"))

        try FileManager.default.removeItem(at: workshop.url("\(output)/summary.json"))
        let resumed = try workshop.run(arguments + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.contains("seed-7 holds a finished run; nothing was done."))
        #expect(try workshop.read("\(output)/summary.json") == summary)
    }

    @Test("The best test epoch of a detector is told where it is asked for")
    func bestTest() throws {
        let outcome = try workshop.run(
            studio.train(to: studio.reference) + ["--resume", "--best-test"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let scores = try workshop.metrics(studio.reference).map { epoch in
            try #require((epoch["test"] as? [String: Any])?["AP"] as? Double)
        }
        let best = (scores.firstIndex(of: scores.max() ?? 0) ?? 0) + 1
        #expect(
            outcome.output.contains(
                "Best test epoch, chosen on the test set and for comparison only: \(best) with AP "),
            "\(outcome.output)")
    }

    @Test("A dry run says how many steps there would be and how long they take, and writes nothing")
    func dryRun() throws {
        let output = workshop.fresh("rectangles")
        let alone = try workshop.run(studio.train(to: output) + ["--dry-run"])
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(
            alone.output.prefixMatch(
                of: /test\/rectangles: 2 epochs of 5 images, 6 steps; about \d.* MiB of files/)
                != nil,
            "\(alone.output)")
        let three = try workshop.run(
            studio.train(to: output) + ["--dry-run", "--seeds", "0,1,2"])
        #expect(
            three.output.hasPrefix(
                "test/rectangles: 2 epochs of 5 images, 6 steps for each of 3 seeds; about "),
            "\(three.output) \(three.errors)")
        // Without the data set the published numbers count, and the teacher's file is not read.
        let taught = try workshop.run([
            "distill", "coco/faster_rcnn_R50-R18-short", "--teacher", "none", "--output", output,
            "--set", "dataset.fixed_size=[64,64]", "--set", "batch_size=2", "--set",
            "teacher.model=faster_rcnn_R18", "--dry-run", "--threads", "1",
        ])
        #expect(taught.status == 0, "\(taught.errors)")
        #expect(taught.output.contains(" epochs of 118287 images, "), "\(taught.output)")
        #expect(!workshop.exists(output))
    }

    @Test("Options of photographs are refused where detectors are evaluated")
    func noPhotographs() throws {
        for option in [["--scale-16-bit-grey"], ["--image-size", "64"], ["--resize", "64"]] {
            let outcome = try workshop.run(
                [
                    "evaluate", "\(studio.reference)/student-last.safetensors", "--model",
                    "faster_rcnn_R18", "--dataset", "coco", "--data", "rectangles",
                ] + option)
            #expect(outcome.status == 64)
            #expect(
                outcome.sentence.contains(
                    "\(option[0]) is for photographs, and the data set coco has none"),
                "\(outcome.errors)")
        }
    }

    @Test(
        "A detector's step can be timed, in several processes too",
        arguments: [("train", 1), ("train", 2), ("evaluate", 2)])
    func timed(work: String, processes: Int) throws {
        let outcome = try workshop.run(
            ["bench", "rectangles.yaml", "--work", work, "--steps", "1", "--json"]
                + (processes > 1 ? ["--processes", "\(processes)"] : []))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try outcome.json()
        #expect(report["work"] as? String == work)
        #expect(report["processes"] as? Int == (processes > 1 ? processes : nil))
        #expect(report["batch_size"] as? Int == 2)
        #expect(try #require(report["ms_per_step"] as? Double) > 0)
        // The list's network, whose norms are frozen, and scale and shift of ResNet-18's 4,800 channels that have norms.
        let parameters = 28_674_656 + 2 * 4800
        let bytes = report["gradient_bytes"] as? Int
        #expect(bytes == (work == "train" && processes > 1 ? 4 * parameters : nil))
    }
}

import Foundation
import Testing

/// Arguments that must be refused.
struct BadArguments: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let status: Int32
    private(set) var phrases: [String]

    /// What must not be said.
    let absent: String?

    var testDescription: String { arguments.joined(separator: " ") }

    init(
        _ arguments: [String], _ status: Int32, without absent: String? = nil, _ phrases: String...
    ) {
        self.arguments = arguments
        self.absent = absent
        self.status = status
        self.phrases = phrases
    }

    /// An evaluation with a normalisation that must be refused.
    static func evaluation(mean: String, std: String, _ phrases: String...) -> BadArguments {
        var arguments = BadArguments(
            [
                "evaluate", "teacher/student-last.safetensors", "--model", "resnet14",
                "--dataset", "cifar100", "--data", "data", "--mean", mean, "--std", std,
            ], 64)
        arguments.phrases = phrases
        return arguments
    }

    /// What `train` refuses beside its recipe, data and output folder.
    static let training: [BadArguments] = [
        BadArguments(
            ["--set", "student.model=resnet9"], 1,
            "student.model: expected one of resnet8, resnet14", "found \"resnet9\"",
            "did you mean \"resnet8\"?"),
        BadArguments(
            ["--set", "optimizer.lr=0.1"], 1,
            "unknown key \"optimizer.lr\"; did you mean \"learning_rate\"?"),
        BadArguments(
            ["--set", "teacher.model=vgg12", "--data", "nowhere"], 1,
            "teacher.model: expected one of resnet8", "did you mean \"vgg11\"?"),
        BadArguments(["--model", "vgg0"], 1, "model 'vgg0' is unknown; expected one of resnet8"),
        BadArguments(
            ["--set", "optimizer.learning_rat=1"], 1, "--set optimizer.learning_rat=1",
            "unknown key \"optimizer.learning_rat\"; did you mean \"learning_rate\"?"),
        BadArguments(
            ["--set", "batch_size=0"], 1,
            "batch_size: expected a whole number of at least 1, found 0"),
        BadArguments(
            ["--set", "validation.split=32"], 1,
            "holds out 32 of 32 training images. Expected fewer. Lower validation.split."),
        BadArguments(
            ["--device", "tpu"], 64, "device 'tpu' is unknown; expected cpu, cuda or cuda:N"),
        BadArguments(
            ["--precision", "float8"], 64, "'float8' is invalid", "'float32' and 'bfloat16'"),
        BadArguments(["--threads", "0"], 64, "--threads is 0, expected 1 to 1024"),
        BadArguments(["--threads", "10000"], 64, "--threads is 10000, expected 1 to 1024"),
        BadArguments(["--seed=-1"], 64, "--seed is -1, expected at least 0"),
        BadArguments(
            ["--seeds", "1,x"], 64,
            "--seeds is 1,x, expected whole numbers of at least 0, as 0,1,2"),
        BadArguments(
            ["--seeds=-1"], 64, "--seeds is -1, expected whole numbers of at least 0, as 0,1,2"),
        BadArguments(["--seeds", "1,1"], 64, "--seeds is 1,1, expected each seed once"),
        BadArguments(
            ["--seed", "1", "--seeds", "2"], 64,
            "--seed and --seeds are both given, expected one of them"),
        BadArguments(["--seed", "-1"], 64, "--seed is -1, expected at least 0"),
        BadArguments(["--epochs", "-3"], 64, "--epochs is -3, expected at least 1"),
        BadArguments(
            ["--epochs", "9000000000000000000"], 64,
            "--epochs is 9000000000000000000, expected 1 to 1000000000"),
        BadArguments(
            ["--epochs", "90000000000000000000"], 64, "'90000000000000000000' is invalid",
            "'--epochs <epochs>': expected a whole number that fits into 64 bits"),
        BadArguments(
            ["--set", "epochs=9000000000000000000"], 1,
            "epochs: expected a whole number from 1 to 1000000000, found 9000000000000000000"),
        BadArguments(
            ["--set", "epochs=90000000000000000000"], 1,
            "epochs: expected a whole number from 1 to 1000000000, found 90000000000000000000"),
        BadArguments(
            ["--set", "batch_size=9223372036854775807"], 1,
            "batch_size: expected a whole number from 1 to 1000000000"),
        BadArguments(
            ["--set", "evaluation_batch_size=9223372036854775807"], 1,
            "evaluation_batch_size: expected a whole number from 1 to 1000000000"),
        BadArguments(
            ["--set", "validation.split=9223372036854775807"], 1,
            "validation.split: expected a whole number from 0 to 1000000000"),
        BadArguments(
            ["--set", "dataset.augmentation={crop_padding: 9223372036854775807}"], 1,
            "crop_padding: expected a whole number from 0 to 1024"),
        BadArguments(
            ["--set", "schedule={name: multistep, milestones: [9223372036854775807]}"], 1,
            "schedule.milestones.0: expected a whole number from 1 to 1000000000"),
        BadArguments(
            ["--set", "method.review.warmup={epochs: 9223372036854775807}"], 1,
            "method.review.warmup.epochs: expected a whole number from 0 to 1000000000"),
        BadArguments(
            ["--set", "method.review.mid_channels=1000000000"], 1,
            "method.review.mid_channels: expected a whole number from 1 to 65536"),
        BadArguments(
            ["--set", "method={name: crd, crd: {width: 1000000000}}"], 1,
            "method.crd.width: expected a whole number from 1 to 65536"),
        BadArguments(
            ["--set", "method={name: dkd, dkd: {warmup_epochs: 9223372036854775807}}"], 1,
            "method.dkd.warmup_epochs: expected a whole number from 0 to 1000000000"),
        BadArguments(
            ["--set", "method={name: fitnet, fitnet: {stage: 9223372036854775807}}"], 1,
            "method.fitnet.stage: expected a whole number from 0 to 1000000000"),
        BadArguments(
            ["--set", "seed=9223372036854775808"], 1,
            "seed: expected a whole number from 0 to 9223372036854775807"),
        BadArguments(["--seeds", "-1"], 64, "--seeds is -1, expected whole numbers of at least 0"),
        BadArguments(
            ["--max-steps", "9000000000000000000"], 64,
            "--max-steps is 9000000000000000000, expected 1 to 1000000000"),
        BadArguments(
            ["--checkpoint-every", "9000000000000000000"], 64,
            "--checkpoint-every is 9000000000000000000, expected 1 to 1000000000"),
        BadArguments(["--threads", "-2"], 64, "--threads is -2, expected 1 to 1024"),
        BadArguments(["--epochs", "0"], 64, "--epochs is 0, expected at least 1"),
        BadArguments(["--max-steps", "0"], 64, "--max-steps is 0, expected at least 1"),
        BadArguments(
            ["--checkpoint-every", "0"], 64, "--checkpoint-every is 0, expected at least 1"),
        BadArguments(["--frobnicate"], 64, "Unknown option '--frobnicate'"),
        BadArguments(
            [
                "train", "pair.yaml", "--data", "data", "--output", "OUTPUT", "--teacher", "x.pth",
            ], 64,
            "--teacher is no option of reviewkd train, but of reviewkd distill, reviewkd report"),
    ]

    /// What other commands refuse; `OUTPUT` stands for a folder that must not come into being.
    static let others: [BadArguments] = [
        BadArguments(
            ["train", "cifar100/resnet56-resnet2", "--output", "OUTPUT"], 1,
            "\"cifar100/resnet56-resnet2\" is neither a shipped recipe nor a file",
            "did you mean \"cifar100/resnet56-resnet20\"?"),
        BadArguments(
            ["bench", "pair.yaml", "--batch-size", "0"], 64,
            "--batch-size is 0, expected at least 1"),
        BadArguments(
            ["bench", "pair.yaml", "--batch-size", "9000000000000000000"], 64,
            "--batch-size is 9000000000000000000, expected 1 to 1000000000"),
        BadArguments(
            ["bench", "pair.yaml", "--steps", "-1"], 64, "--steps is -1, expected at least 1"),
        BadArguments(
            ["reproduce", "cifar100", "--jobs", "2000", "--output", "OUTPUT"], 64,
            "--jobs is 2000, expected 1 to 1024"),
        BadArguments(
            ["reproduce", "cifar100", "--together", "-1", "--output", "OUTPUT"], 64,
            "--together is -1, expected at least 1"),
        BadArguments(
            ["reproduce", "cifar100", "--seeds", "-1", "--output", "OUTPUT"], 64,
            "--seeds is -1, expected whole numbers of at least 0"),
        BadArguments(
            ["demo", "--seeds", "-1"], 64, "--seeds is -1, expected whole numbers of at least 0"),
        BadArguments(
            ["bench", "pair.yaml", "--batch-size", "50000000"], 1,
            "a step with batch size 50000000 does not fit into memory",
            "Use a smaller batch with --batch-size N"),
        BadArguments(
            ["bench", "cifar100/resnet56"], 1, "has no teacher, expected one for --work distill",
            "use --work train"),
        BadArguments(
            [
                "distill", "pair.yaml", "--teacher", "teacher/student-last.safetensors", "--data",
                "data", "--output", "OUTPUT", "--method", "rkdd",
            ], 64, "--method is rkdd, expected one of alone, kd,", "did you mean \"rkd\"?"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "reviewkd+kdd"], 64,
            "--method is reviewkd+kdd, expected one of alone,", "did you mean \"reviewkd+kd\"?"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "kd+kd"], 64,
            "--method is kd+kd, expected each method once, found kd twice"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "kd,reviewkd"], 64,
            "or several but alone joined by +; did you mean \"kd+reviewkd\"?"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "ea+kd"], 64, without: "did you mean",
            "--method is ea+kd, but ea changes the review and is nothing without it; write "
                + "reviewkd+ea+kd"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "alone+kd"], 64, without: "did you mean",
            "--method is alone+kd, but alone cannot be joined to a method that distills; leave out "
                + "alone or the others"),
        BadArguments(
            ["train", "pair.yaml", "--ouput", "OUTPUT"], 64, without: "Missing",
            "Unknown option '--ouput'. Did you mean '--output'?"),
        BadArguments(
            ["distill", "pair.yaml", "--output", "OUTPUT", "--teachr=t"], 64, without: "Missing",
            "Unknown option '--teachr'. Did you mean '--teacher'?"),
        BadArguments(
            ["evaluate", "f", "--modle", "resnet8", "--dataset", "cifar100", "--data", "data"], 64,
            without: "Missing", "Unknown option '--modle'. Did you mean '--model'?"),
        BadArguments(
            ["datasets", "fetch", "cifar100", "--dta", "OUTPUT"], 64, without: "Missing",
            "Unknown option '--dta'. Did you mean '--data'?"),
        BadArguments(
            ["train", "pair.yaml", "--lr", "0.1"], 64, without: "Missing",
            "--lr is no option of reviewkd train; a recipe's value is set with "
                + "--set optimizer.learning_rate=VALUE"),
        BadArguments(
            ["train", "pair.yaml", "--quiet", "--data", "data"], 64, without: "Unknown",
            "Missing expected argument '--output <output>'"),
        BadArguments(
            ["train", "--recipe", "pair.yaml", "--output", "OUTPUT"], 64, without: "Did you mean",
            "Unknown option '--recipe'"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "sp+dp"], 64,
            "--method is sp+dp, expected one of alone, kd,"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "crd", "--work", "train"], 64,
            "--method is crd with --work train, expected it with --work distill"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "alone"], 64,
            "--method is alone, expected a method that distills; use --work train in place of it"),
        BadArguments(
            ["bench", "pair.yaml", "--method", "alone", "--work", "train"], 64,
            "--method is alone, expected a method that distills; use --work train in place of it"),
        BadArguments(
            ["bench", "pair.yaml", "--lr", "0.1"], 64, without: "Did you mean",
            "Unknown option '--lr'"),
        BadArguments(
            ["bench", "pair.yaml", "--setps", "1"], 64, "Unknown option '--setps'",
            "Did you mean '--steps'?"),
        BadArguments(
            ["train", "pair.yaml", "--gamma", "0.1", "--output", "OUTPUT"], 64,
            without: "Did you mean",
            "--gamma is no option of reviewkd train; a recipe's value is set with "
                + "--set schedule.factor=VALUE"),
        BadArguments(
            [
                "train", "pair.yaml", "--set",
                "schedule={name: multistep, milestones: [20], factor: 0.1}", "--set", "epochs=12",
                "--output", "OUTPUT",
            ], 1,
            "has its last milestone at 20, but epochs is 12; lower it, or raise epochs "
                + "(train and distill rescale both by --epochs 12 in place of --set epochs=12)"),
        BadArguments(
            [
                "distill", "pair.yaml", "--teacher", "teacher/student-last.safetensors", "--data",
                "data", "--output", "OUTPUT", "--teacher-normalization", "coco",
            ], 64,
            "--teacher-normalization is coco, expected cifar100, cifar10, imagenet or R,G,B/R,G,B"),
        BadArguments(
            [
                "distill", "pair.yaml", "--teacher", "teacher/student-last.safetensors", "--data",
                "data", "--output", "OUTPUT", "--teacher-normalization",
                "0.5,0.5,0.5/63,62.1,66.7",
            ], 64,
            "the deviation of --teacher-normalization is 63,62.1,66.7, expected three numbers",
            "divide them by 255: 0.2471,0.2435,0.2616"),
        BadArguments(
            ["reproduce", "cifar100", "--teacher-normalization", "0.5,0.5/1,1,1"], 64,
            "the mean of --teacher-normalization is 0.5,0.5, expected three numbers R,G,B from 0 to 1"
        ),
        BadArguments(
            ["distil", "pair.yaml"], 64,
            "'distil' is no command of reviewkd; did you mean 'distill'?",
            "The commands are demo, train, distill,"),
        BadArguments(["trian"], 64, "'trian' is no command of reviewkd; did you mean 'train'?"),
        BadArguments(
            ["train", "pair.yaml", "--lr", "0.1", "--output", "OUTPUT"], 64,
            "--lr is no option of reviewkd train; a recipe's value is set with "
                + "--set optimizer.learning_rate=VALUE"),
        BadArguments(
            ["distill", "pair.yaml", "--batch-size=8", "--teacher", "t", "--output", "OUTPUT"], 64,
            "--batch-size is no option of reviewkd distill", "--set batch_size=VALUE"),
        BadArguments(
            ["train", "pair.yaml", "--student-weights-key", "a", "--output", "OUTPUT"], 64,
            "--student-weights-key names a key in the file of --student-weights, which is not given"
        ),
        BadArguments(
            ["bench", "pair.yaml", "--batch-size", "1000000000"], 1,
            "a step with batch size 1000000000 does not fit into memory (its images alone take"),
        BadArguments(
            [
                "distill", "pair.yaml", "--teacher", "teacher/", "--data", "data", "--output",
                "OUTPUT",
            ], 1,
            "teacher/ is the folder of a run. Expected a file of weights. Take teacher/student-last.safetensors"
        ),
        BadArguments(["help", "evalute"], 64, "did you mean 'evaluate'?"),
        BadArguments(["xyzzy"], 64, "'xyzzy' is no command of reviewkd. The commands are demo,"),
        BadArguments(
            ["datasets", "fecth", "cifar100"], 64,
            "'fecth' is no command of reviewkd datasets; did you mean 'fetch'?"),
        BadArguments(
            ["recipes", "shwo", "x"], 64, without: "<subcommand>",
            "'shwo' is no command of reviewkd recipes; did you mean 'show'?"),
        BadArguments(
            ["recipes", "show", "cifar100/resnet56-resnet20-shrot"], 1,
            "did you mean \"cifar100/resnet56-resnet20-short\"?"),
        BadArguments(
            ["recipes", "show", "cifar100/resnet56-resnet20/stages/2-9"], 1,
            "is neither a shipped recipe nor a file",
            "did you mean \"cifar100/resnet56-resnet20/stages/2-1\"?"),
        BadArguments(
            ["datasets", "fetch", "cifar100", "--data", "/proc/none/data"], 1,
            "/proc/none could not be written:"),
        BadArguments(
            ["train", "data", "--output", "OUTPUT"], 1,
            "data: expected a recipe in UTF-8 text, but the file cannot be read: it is a folder"),
        BadArguments(
            ["demo", "--seeds", "0,one"], 64,
            "--seeds is 0,one, expected whole numbers of at least 0, as 0,1,2"),
        BadArguments(["demo", "--seeds", "0,0"], 64, "--seeds is 0,0, expected each seed once"),
        BadArguments(
            ["models", "resnet9"], 1, "model 'resnet9' is unknown; expected one of resnet8",
            "did you mean \"resnet8\"?"),
        BadArguments(
            ["datasets", "fetch", "cifar11", "--data", "OUTPUT"], 64,
            "data set 'cifar11' is unknown; expected cifar100, cifar10 or coco2017"),
        BadArguments(
            ["datasets", "fetch", "procedural", "--data", "OUTPUT"], 64,
            "data set 'procedural' has nothing to download; expected cifar100, cifar10 or coco2017"
        ),
        BadArguments(
            [
                "evaluate", "teacher/student-last.safetensors", "--model", "resnet14",
                "--dataset", "cifar100", "--data", "data", "--mean", "0.5,0.5,0.5",
            ], 64, "--mean and --std belong together"),
        BadArguments(
            [
                "evaluate", "teacher/student-last.safetensors", "--model", "resnet14",
                "--dataset", "cifar100", "--data", "data", "--mean", "0.5,x,0.5,0.5", "--std",
                "1,1,1",
            ], 64, "--mean is 0.5,x,0.5,0.5, expected three numbers R,G,B"),
        evaluation(
            mean: "129.3,124.1,112.4", std: "0.2673,0.2564,0.2761",
            "--mean is 129.3,124.1,112.4, expected three numbers R,G,B from 0 to 1; if they are for "
                + "colours of 0 to 255, divide them by 255: 0.5071,0.4867,0.4408"),
        evaluation(
            mean: "0.5,0.5,0.5", std: "68.2,65.4,70.4",
            "--std is 68.2,65.4,70.4, expected three numbers R,G,B from 0.001 to 1; if they are",
            "divide them by 255: 0.2675,0.2565,0.2761"),
        evaluation(mean: "0.5,0.5,0.5", std: "0.2,0,0.2", "--std is 0.2,0,0.2, expected three"),
        evaluation(
            mean: "0.5,0.5,0.5", std: "0.2,1e-46,0.2", "--std is 0.2,1e-46,0.2, expected three"),
        evaluation(
            mean: "0.5,nan,0.5", std: "0.2,0.2,0.2", "--mean is 0.5,nan,0.5, expected three"),
        evaluation(
            mean: "300,1,1", std: "1,1,1", "--mean is 300,1,1, expected three numbers R,G,B"),
    ]
}

extension CommandLineSuite {
    @Suite("Settings")
    struct BadSettingsTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("of train that cannot be are refused", arguments: BadArguments.training)
        func refusedTraining(_ bad: BadArguments) async throws {
            let command = ["train", "pair.yaml", "--data", "data", "--output", "OUTPUT"]
            try await expectRefusal(of: command + bad.arguments, bad)
        }

        @Test("of other commands that cannot be are refused", arguments: BadArguments.others)
        func refused(_ bad: BadArguments) async throws {
            try await expectRefusal(of: bad.arguments, bad)
        }

        @Test(
            "that are to be whole numbers are refused with what is expected",
            arguments: [
                "--seed", "--epochs", "--max-steps", "--checkpoint-every", "--threads", "--steps",
                "--batch-size", "--jobs", "--together",
            ])
        func notWhole(option: String) async throws {
            let output = workshop.fresh("refused")
            let command =
                switch option {
                case "--steps", "--batch-size": ["bench", "pair.yaml"]
                case "--jobs", "--together": ["reproduce", "cifar100", "--output", output]
                default: ["train", "pair.yaml", "--data", "data", "--output", output]
                }
            for value in ["1e3", "3.5", "-2.5", "ten", "0x10", "--quiet"] {
                let outcome = try await workshop.answer(to: command + [option, value])
                #expect(outcome.status == 64)
                #expect(outcome.sentence.contains("'\(value)' is invalid for '\(option) <"))
                #expect(
                    outcome.sentence.contains("expected a whole number in digits, as 1000"),
                    "\(outcome.errors)")
            }
            #expect(!workshop.exists(output))
        }

        private func expectRefusal(
            of arguments: [String], _ bad: BadArguments
        ) async throws {
            let output = workshop.fresh("refused")
            let outcome = try await workshop.answer(
                to: arguments.map { $0 == "OUTPUT" ? output : $0 })
            #expect(outcome.status == bad.status)
            for phrase in bad.phrases {
                #expect(outcome.sentence.contains(phrase), "\(outcome.errors)")
            }
            if let absent = bad.absent {
                #expect(!outcome.sentence.contains(absent), "\(outcome.errors)")
            }
            #expect(outcome.output.isEmpty)
            #expect(!workshop.exists(output))
        }

        @Test(
            "that link stages which do not exist are refused",
            arguments: [
                (
                    "[{student: 1, teacher: [1]}, {student: 9, teacher: [2]}]",
                    "`stages:` names stage 9 of the student. Expected 1 to 4, of which the last is"
                ),
                (
                    "[{student: 1, teacher: [1]}, {student: 2, teacher: [7]}]",
                    "`stages:` names stage 7 of the teacher. Expected 1 to 4, of which the last is"
                ),
                (
                    "[{student: 9, teacher: [1]}]",
                    "`stages:` names stage 9 of the student. Expected 1 to 4, of which the last is"
                ),
                (
                    "[{student: 1, teacher: [1]}]",
                    "the number of links in `stages:` is 1. Expected at least 2. Name more, or set"
                ),
                (
                    "[{student: 1, teacher: [1]}, {student: 2, teacher: [1, 2]}]",
                    "gives stage 2 of the student more than one stage of the teacher"
                ),
            ])
        func unmatched(stages: String, sentence: String) throws {
            let output = workshop.fresh("unmatched")
            let outcome = try workshop.run(
                workshop.distill(to: output) + ["--set", "method.review.stages=\(stages)"])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("teacher and student cannot be matched"))
            #expect(outcome.sentence.contains(sentence), "\(outcome.errors)")
            #expect(!workshop.exists(output))
        }

        @Test("that ask for CUDA where there is none are refused")
        func absentCUDA() throws {
            let devices = try workshop.run(["devices", "--json"]).json()
            let names = try #require(devices["devices"] as? [String])
            guard !names.contains("cuda:0") else {
                print("absent CUDA: not run, this machine has a card")
                return
            }
            let output = workshop.fresh("cuda")
            let outcome = try workshop.run(workshop.distill(to: output) + ["--device", "cuda"])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("device 'cuda' was asked for, but"))
            #expect(outcome.sentence.contains("use --device cpu"))
            #expect(!workshop.exists(output))
        }

        @Test("that let a loss grow beyond all bounds stop the run at its last good checkpoint")
        func notFiniteLoss() throws {
            let output = workshop.fresh("exploded")
            let outcome = try workshop.run(
                workshop.distill(to: output) + [
                    "--checkpoint-every", "1", "--set", "optimizer.learning_rate=1e18",
                ])
            #expect(outcome.status == 1)
            let expected = /the loss term '\w+' is (?:nan|inf) at step (\d+) \(epoch 1\)\. Expected/
            let match = try #require(
                outcome.sentence.firstMatch(of: expected), "\(outcome.errors)")
            let step = try #require(Int(match.1))
            #expect(outcome.sentence.contains("The checkpoint of step \(step - 1) is kept."))
            #expect(outcome.sentence.contains("Lower optimizer.learning_rate"))
            #expect(outcome.sentence.hasSuffix(", and begin anew in another --output."))
            try #expect(workshop.checkpoints(output) == ["step-000000000\(step - 1).safetensors"])
        }

        @Test("that break the weights themselves cost no earlier checkpoint")
        func notFiniteWeights() throws {
            let output = workshop.fresh("broken")
            // Step 1 has the rate 0, step 2 one that no float32 survives.
            let arguments =
                workshop.distill(to: output) + [
                    "--checkpoint-every", "1", "--set", "optimizer.learning_rate=1e39",
                    "--set", "schedule.start_factor=0",
                ]
            let outcome = try workshop.run(arguments)
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains("holds infinite values or NaN after step 2. Expected"),
                "\(outcome.errors)")
            #expect(outcome.sentence.contains("The checkpoint of step 1 is kept."))
            #expect(outcome.sentence.hasSuffix(", and begin anew in another --output."))
            try #expect(workshop.checkpoints(output) == ["step-0000000001.safetensors"])
        }
    }
}

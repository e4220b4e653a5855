import Foundation
import RecipeSyntax
import Testing

@testable import Recipes

/// A small valid recipe; `replacing` turns one of its lines into an error.
private let valid = """
    name: test/small
    description: A small recipe
    dataset:
      name: cifar100
      augmentation: {crop_padding: 4, flip: true}
    teacher:
      model: resnet56
    student: {model: resnet20}
    method:
      name: reviewkd
      review: {weight: 0.6, warmup: {epochs: 2}}
    optimizer:
      learning_rate: 0.1
    schedule: {name: multistep, milestones: [4, 6]}
    epochs: 8
    batch_size: 128

    """

private func message(_ yaml: String, overrides: [String] = []) -> String {
    do {
        let recipe = try Recipe(yaml: yaml, file: "bad.yaml", overrides: overrides)
        return "decoded: \(recipe)"
    } catch {
        return "\(error)"
    }
}

private let methods = MethodSettings.Name.allCases.map(\.rawValue).joined(separator: ", ")

struct Mistake: Sendable, CustomTestStringConvertible {
    let from: String
    let to: String
    let sentence: String

    var testDescription: String { to.isEmpty ? "without \(from)" : to }
}

@Suite("Errors of recipes")
struct RecipeErrorTests {
    static let mistakes = [
        Mistake(
            from: "batch_size: 128", to: "batchsize: 128",
            sentence: """
                bad.yaml:16: unknown key "batchsize"; did you mean "batch_size"? The keys here are \
                name, description, dataset, validation, teacher, student, detector, method, optimizer, \
                schedule, label_smoothing, ema, epochs, batch_size, evaluation_batch_size, seed, precision, \
                distributed.
                """),
        Mistake(
            from: "  model: resnet56", to: "  modle: resnet56",
            sentence: """
                bad.yaml:7: unknown key "teacher.modle"; did you mean "model"? The keys here are \
                model, batch_norm, normalization, norm, frozen_parts.
                """),
        Mistake(
            from: "{model: resnet20}", to: "{model: resnet20, xyzzy: 1}",
            sentence: """
                bad.yaml:8: unknown key "student.xyzzy". The keys here are model, norm, frozen_parts.
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "learning_rate: fast",
            sentence: """
                bad.yaml:13: optimizer.learning_rate: expected a number above 0, found "fast".
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "learning_rate: .nan",
            sentence: """
                bad.yaml:13: optimizer.learning_rate: expected a number above 0, found .nan.
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "learning_rate: -0.1",
            sentence: """
                bad.yaml:13: optimizer.learning_rate: expected a number above 0, found -0.1.
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "momentum: 0.9",
            sentence: """
                bad.yaml:13: key "optimizer.learning_rate" is missing; add it with a number above 0.
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "{learning_rate: 0.1, momentum: 0}",
            sentence: """
                bad.yaml:13: optimizer.nesterov: Nesterov momentum needs momentum above 0; set it \
                to false.
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: eight",
            sentence: """
                bad.yaml:15: epochs: expected a whole number of at least 1, found "eight".
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: 8.5",
            sentence: """
                bad.yaml:15: epochs: expected a whole number of at least 1, found 8.5.
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: 010",
            sentence: """
                bad.yaml:15: epochs: expected a whole number of at least 1, found 010.
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: \"8\"",
            sentence: """
                bad.yaml:15: epochs: expected a whole number of at least 1, found "8".
                """),
        Mistake(
            from: "epochs: 8", to: "epochs:",
            sentence: """
                bad.yaml:15: epochs: expected a whole number of at least 1, found nothing.
                """),
        Mistake(
            from: "epochs: 8\n", to: "",
            sentence: """
                bad.yaml:1: key "epochs" is missing; add it with a whole number of at least 1.
                """),
        Mistake(
            from: "batch_size: 128", to: "batch_size: 0",
            sentence: """
                bad.yaml:16: batch_size: expected a whole number of at least 1, found 0.
                """),
        Mistake(
            from: "flip: true", to: "flip: \"yes\"",
            sentence: """
                bad.yaml:5: dataset.augmentation.flip: expected true or false, found "yes".
                """),
        Mistake(
            from: "flip: true", to: "flip: y",
            sentence: """
                bad.yaml:5: dataset.augmentation.flip: expected true or false, found "y".
                """),
        Mistake(
            from: "name: cifar100", to: "name: cifar-100",
            sentence: """
                bad.yaml:4: dataset.name: expected one of cifar100, cifar10, procedural, imagenet, \
                folder, coco, found \
                "cifar-100"; did you mean "cifar100"?
                """),
        Mistake(
            from: "name: cifar100", to: "name: procedural",
            sentence: """
                bad.yaml:4: key "dataset.normalization" is missing; add it with one of cifar100, \
                cifar10, imagenet, or a section with the keys mean, std.
                """),
        Mistake(
            from: "name: cifar100\n", to: "name: cifar100\n  normalization: coco\n",
            sentence: """
                bad.yaml:5: dataset.normalization: expected one of cifar100, cifar10, imagenet, or a section \
                with the keys mean, std, found "coco".
                """),
        Mistake(
            from: "name: cifar100\n",
            to: "name: cifar100\n  normalization: {mean: [0.5, 0.5], std: [1, 1, 1]}\n",
            sentence: """
                bad.yaml:5: dataset.normalization.mean: expected a list of three numbers R,G,B from 0 \
                to 1, found [0.5, 0.5].
                """),
        Mistake(
            from: "name: cifar100\n",
            to: "name: cifar100\n  normalization: {mean: [1.5, 1.4, 1.3], std: [1, 1, 1]}\n",
            sentence: """
                bad.yaml:5: dataset.normalization.mean: expected a list of three numbers R,G,B from 0 \
                to 1, found [1.5, 1.4, 1.3].
                """),
        Mistake(
            from: "model: resnet56\n",
            to: """
                model: resnet56
                  normalization: {mean: [129.3, 124.1, 112.4], std: [68.2, 65.4, 70.4]}

                """,
            sentence: """
                bad.yaml:8: teacher.normalization.mean: expected a list of three numbers R,G,B from 0 \
                to 1, found [129.3, 124.1, 112.4]; did you mean "[0.5071, 0.4867, 0.4408]"?
                """),
        Mistake(
            from: "name: cifar100\n",
            to: "name: cifar100\n  normalization:\n    mean: [0, 0, 0]\n    std: [1, 0, 1]\n",
            sentence: """
                bad.yaml:7: dataset.normalization.std: expected a list of three numbers R,G,B from \
                0.001 to 1, found [1, 0, 1].
                """),
        Mistake(
            from: "learning_rate: 0.1", to: "learning_rate: 1e400",
            sentence: """
                bad.yaml:13: optimizer.learning_rate: expected a number above 0, and finite, found \
                1e400.
                """),
        Mistake(
            from: "student: {model: resnet20}", to: "student: resnet20",
            sentence: """
                bad.yaml:8: student: expected a section with the keys model, norm, frozen_parts, found "resnet20".
                """),
        Mistake(
            from: "name: reviewkd", to: "name: reviewdk",
            sentence: """
                bad.yaml:10: method.name: expected one of \(methods), or several but alone \
                joined by +, found "reviewdk"; did you mean "reviewkd"?
                """),
        Mistake(
            from: "name: reviewkd", to: "name: reviewdk+kdd",
            sentence: """
                bad.yaml:10: method.name: expected one of \(methods), or several but alone \
                joined by +, found "reviewdk+kdd"; did you mean "reviewkd+kd"?
                """),
        Mistake(
            from: "name: reviewkd", to: "name: 'kd, reviewkd'",
            sentence: """
                bad.yaml:10: method.name: expected one of \(methods), or several but alone \
                joined by +, found "kd, reviewkd"; did you mean "kd+reviewkd"?
                """),
        Mistake(
            from: "name: reviewkd", to: "name: reviewkd+alone",
            sentence: """
                bad.yaml:10: method.name: expected one of \(methods), or several but alone \
                joined by +, found "reviewkd+alone".
                """),
        Mistake(
            from: "name: reviewkd", to: "name: reviewkd+dkd\n  dkd: {gamma: 2}",
            sentence: """
                bad.yaml:11: unknown key "method.dkd.gamma". The keys here are temperature, alpha, \
                beta, weight, warmup_epochs.
                """),
        Mistake(
            from: "name: reviewkd", to: "name: reviewkd+crd\n  crd: {negatives: 0.5}",
            sentence: """
                bad.yaml:11: method.crd.negatives: expected a whole number of at least 1, found 0.5.
                """),
        Mistake(
            from: "name: reviewkd", to: "name: kd",
            sentence: """
                bad.yaml:11: method.review: is not used when method.name is kd; remove it, or set \
                it to null.
                """),
        Mistake(
            from: "teacher:\n  model: resnet56\n", to: "",
            sentence: """
                bad.yaml:1: key "teacher" is missing; add it with a section, since method.name is \
                reviewkd.
                """),
        Mistake(
            from: "name: reviewkd\n  review: {weight: 0.6, warmup: {epochs: 2}}", to: "name: alone",
            sentence: """
                bad.yaml:7: teacher: is not used when method.name is alone; remove it, or set it to \
                null.
                """),
        Mistake(
            from: "{epochs: 2}", to: "{fraction: 1.5}",
            sentence: """
                bad.yaml:11: method.review.warmup.fraction: expected a number from 0 to 1, found 1.5.
                """),
        Mistake(
            from: "{epochs: 2}", to: "{epochs: 2, fraction: 0.5}",
            sentence: """
                bad.yaml:11: method.review.warmup.epochs: is not used when warmup.fraction is given; \
                remove it, or set it to null.
                """),
        Mistake(
            from: "{epochs: 2}", to: "{epochs: 8}",
            sentence: """
                bad.yaml:10: method: warms up over 8 epochs, but epochs is 8; lower it, or raise epochs.
                """),
        Mistake(
            from: "{epochs: 2}}", to: "{epochs: 2}, stages: [{student: 0, teacher: [1]}]}",
            sentence: """
                bad.yaml:11: method.review.stages.0.student: expected a whole number of at least 1, \
                found 0.
                """),
        Mistake(
            from: "[4, 6]", to: "[4, 8]",
            sentence: """
                bad.yaml:14: schedule: has its last milestone at 8, but epochs is 8; lower it, or \
                raise epochs.
                """),
        Mistake(
            from: "[4, 6]", to: "[6, 4]",
            sentence: """
                bad.yaml:14: schedule.milestones: expected epochs in rising order, found [6, 4].
                """),
        Mistake(
            from: "name: multistep", to: "name: onecycle",
            sentence: """
                bad.yaml:14: schedule.milestones: is not used when schedule.name is onecycle; \
                remove it, or set it to null.
                """),
        Mistake(
            from: "name: test/small", to: "name: ../small",
            sentence: """
                bad.yaml:1: name: expected a name of letters, digits and . _ + - between single \
                slashes, found "../small".
                """),
        Mistake(
            from: "epochs: 8", to: "seed: 1\nepochs: 8\nseed: 2",
            sentence: """
                bad.yaml:15: key "seed" stands more than once in its section; keep one of them.
                """),
        Mistake(
            from: "[4, 6]}", to: "[4, 6]",
            sentence: """
                bad.yaml:15: expected YAML, found an error: did not find expected ',' or '}'.
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: *many",
            sentence: "bad.yaml:15: expected YAML, found an error: found undefined alias."),
        Mistake(
            from: "batch_size: 128", to: "batch_size: 128\n---\nname: b",
            sentence: """
                bad.yaml:17: expected one recipe in the file, found a second document (---); remove \
                it, or put it into a file of its own.
                """),
        Mistake(
            from: "  model: resnet56", to: "\tmodel: resnet56",
            sentence: """
                bad.yaml:7: expected YAML, found a tab in the indentation; use spaces instead of tabs.
                """),
        Mistake(
            from: "  learning_rate: 0.1", to: "  \tlearning_rate: 0.1\n  \tmomentum: 0.9",
            sentence: """
                bad.yaml:13: expected YAML, found a tab in the indentation; use spaces instead of tabs.
                """),
        Mistake(
            from: "student: {model: resnet20}", to: "student:\t- model: resnet20",
            sentence: """
                bad.yaml:8: expected YAML, found a tab between the words; use spaces instead of tabs.
                """),
        Mistake(
            from: "A small recipe", to: "A small recipe\n\t# a remark",
            sentence: """
                bad.yaml:3: expected YAML, found a tab in the indentation; use spaces instead of tabs.
                """),
        Mistake(
            from: "epochs: 8", to: "epochs: *many # a\ttab",
            sentence: "bad.yaml:15: expected YAML, found an error: found undefined alias."),
        Mistake(
            from: "student: {model: resnet20}", to: "student: {<<: resnet20}",
            sentence: """
                bad.yaml:8: <<: expected a section, or a list of them, as *NAME of a section marked \
                with &NAME, found "resnet20".
                """),
    ]

    @Test("A mistake is named with its line, the expected and the found", arguments: mistakes)
    func mistakeIsNamed(_ mistake: Mistake) throws {
        #expect(valid.contains(mistake.from))
        let yaml = valid.replacingOccurrences(of: mistake.from, with: mistake.to)
        #expect(message(yaml) == mistake.sentence)
    }

    @Test(
        "A key of another program is told by its name here",
        arguments: [
            ("optimizer.lr", "\"learning_rate\""), ("optimizer.LR", "\"learning_rate\""),
            ("optimizer.learning-rate", "\"learning_rate\""),
            ("optimizer.learningRate", "\"learning_rate\""), ("optimizer.wd", "\"weight_decay\""),
            ("optimizer.nestrov", "\"nesterov\""), ("optimizer.type", "\"name\""),
            ("lr", "\"optimizer.learning_rate\""), ("nesterov", "\"optimizer.nesterov\""),
            ("bs", "\"batch_size\""), ("batch", "\"batch_size\""),
            ("num_epochs", "\"epochs\""), ("max_epoch", "\"epochs\""),
            ("optimizer.batch_size", "\"batch_size\" at the top level"),
            ("schedule.epochs", "\"epochs\" at the top level"),
            ("schedule.gamma", "\"factor\""), ("schedule.lr_decay_epochs", "\"milestones\""),
            ("scheduler", "\"schedule\""), ("optim", "\"optimizer\""),
            ("student.arch", "\"model\""), ("teacher.type", "\"model\""),
            ("method.type", "\"name\""), ("dataset.augmentation.hflip", "\"flip\""),
            ("amp", "\"precision\""),
        ])
    func otherNames(_ key: String, _ meant: String) {
        let text = message(valid, overrides: ["\(key)=1"])
        #expect(
            text.contains("unknown key \"\(key)\"; did you mean \(meant)? The keys here are"),
            "\(text)")
    }

    @Test("The recipe that the mistakes are made in is valid")
    func baseIsValid() throws {
        let recipe = try Recipe(yaml: valid, file: "good.yaml")
        #expect(recipe.name == "test/small")
    }

    @Test("An empty file and a file without keys are refused")
    func noRecipe() {
        #expect(message("") == "bad.yaml:1: expected YAML, found an error: the file is empty.")
        #expect(
            message("\n- a") == """
                bad.yaml:2: recipe: expected a section with the keys name, description, dataset, \
                validation, teacher, student, detector, method, optimizer, schedule, label_smoothing, ema, \
                epochs, batch_size, evaluation_batch_size, seed, precision, distributed, found a \
                list of 1.
                """)
    }

    @Test(
        "An option that is wrong is named as the option",
        arguments: [
            (
                "optimizer.learning_rate=fast",
                "optimizer.learning_rate: expected a number above 0, found \"fast\"."
            ),
            (
                "student.modle=resnet8",
                "unknown key \"student.modle\"; did you mean \"model\"? The keys here are model, norm, frozen_parts."
            ),
            ("seed={value: 1}", "seed: expected a whole number of at least 0, found a section."),
            (
                "schedule.milestones.1=0",
                "schedule.milestones.1: expected a whole number of at least 1, found 0."
            ),
            ("schedule.milestones.2=7", "expected an index below 2 in a list, found \"2\"."),
            ("epochs.x=7", "\"8\" is a single value and has no \"x\"."),
            (
                "epochs",
                "expected key.path=value; write it as in optimizer.learning_rate=0.1."
            ),
            ("=7", "expected key.path=value; write it as in optimizer.learning_rate=0.1."),
            ("epochs=", "expected a value after \"=\" (null removes the key)."),
            (
                "schedule={name: cosine",
                "expected a YAML value, found an error: did not find expected ',' or '}'."
            ),
            ("epochs=7\nseed: 1", "expected a value on one line."),
        ])
    func overrideIsNamed(_ option: String, _ rest: String) {
        #expect(message(valid, overrides: ["seed=3", option]) == "override \(option): \(rest)")
    }

    @Test("Lines are counted whatever ends them", arguments: ["\n", "\r\n", "\r", "\u{2028}"])
    func lineEndings(_ ending: String) {
        let yaml = valid.replacingOccurrences(of: "epochs: 8", with: "epochs: none")
            .replacingOccurrences(of: "\n", with: ending)
        let problem = "epochs: expected a whole number of at least 1, found"
        #expect(message(yaml) == "bad.yaml:15: \(problem) \"none\".")
        #expect(message(yaml, overrides: ["epochs=0"]) == "override epochs=0: \(problem) 0.")
    }

    @Test("An unknown recipe is told with the nearest one")
    func unknownRecipe() {
        for (name, nearest) in [
            ("cifar100/vgg16-vgg9", "cifar100/vgg16-vgg8"),
            ("cifar100/resnet8-resnet8-shrot", "cifar100/resnet8-resnet8-short"),
            ("cifar100/vgg16-ShuffelV2-shrt", "cifar100/vgg16-ShuffleV2-short"),
            (
                "cifar100/resnet56-resnet20/stage/2-1", "cifar100/resnet56-resnet20/stages/2-1"
            ),
            ("resnet56_resnet20", "cifar100/resnet56-resnet20"),
            ("resnet8-resnet8-short", "cifar100/resnet8-resnet8-short"),
            ("ResNet56", "cifar100/resnet56"), ("student", "demo/student"),
            ("demo-teacher", "demo/teacher"), ("CIFAR100/ResNet20", "cifar100/resnet20"),
            ("cifar10/resnet20", "cifar100/resnet20"), ("cifar10-resnet20", "cifar100/resnet20"),
            ("CIFAR-100/VGG13", "cifar100/vgg13"),
            ("cifar100_resnet56", "cifar100/resnet56"), ("cifar100.vgg8", "cifar100/vgg8"),
            ("cifar100/resnet20.yaml", "cifar100/resnet20"),
        ] {
            let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: name) }
            #expect(error?.description.contains("did you mean \"\(nearest)\"?") == true)
        }
        for pair in ["resnet56-resnet20", "wrn_40_2-wrn_16_2", "resnet8-resnet20", "vgg8-vgg13"] {
            for (typed, meant) in [
                ("\(pair)-shrot", "\(pair)-short"), ("\(pair)-shor", "\(pair)-short"),
                ("\(pair)short", "\(pair)-short"), ("\(pair)-Short ", "\(pair)-short"),
                (pair.replacingOccurrences(of: "-", with: "_"), pair), ("\(pair)x", pair),
            ] {
                let error = #expect(throws: RecipeError.self) {
                    try Recipe.load(nameOrPath: "cifar100/\(typed)")
                }
                let text = error?.description ?? ""
                #expect(text.contains("did you mean \"cifar100/\(meant)\"?"), "\(text)")
            }
        }
        for distant in [
            "cifar100/", "cifar100", "r", "none", "cifar100/x", "cifar100/densenet121",
            "imagenet/efficientnet", "recipes/mine", "cifar100/resnet56-resnet20/stages", "/",
        ] {
            let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: distant) }
            #expect(error?.description.contains("did you mean") == false, "\(distant)")
        }
        for file in ["no.yaml", "r.yml", "X.YAML", "./resnet56", "../resnet56", "/resnet56"] {
            let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: file) }
            #expect(
                error?.description
                    == "there is no file \"\(file)\"; `Recipe.shipped` lists the shipped ones.")
        }
        let setting = "cifar100/resnet56-resnet20/stage/9-9"
        let none = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: setting) }
        #expect(none?.description.contains("stages/9-9") == false)
        let error = #expect(throws: RecipeError.self) {
            try Recipe.load(nameOrPath: "cifar100/resnet65-resnet20")
        }
        #expect(
            error?.description == """
                "cifar100/resnet65-resnet20" is neither a shipped recipe nor a file; did you mean \
                "cifar100/resnet56-resnet20"? `Recipe.shipped` lists the shipped ones.
                """)
    }

    @Test("A file that is not text is refused with its path")
    func binaryFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml")
        try Data([0xff, 0xfe, 0x00]).write(to: file)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        let error = #expect(throws: RecipeError.self) { try Recipe.load(nameOrPath: file.path) }
        #expect(
            error?.description == """
                \(file.path): expected a recipe in UTF-8 text, but the file cannot be read: it is \
                not UTF-8.
                """)
    }
}

import Distillation
import RecipeSyntax
import Testing
import TorchNN
import VisionData

@testable import Recipes

@Suite("YAML as people write it")
struct RecipeYAMLTests {
    private func recipe(
        augmentation: String = "{flip: true}", optimizer: String = "{learning_rate: 0.1}",
        student: String = "{model: resnet20}", also: String = "", overrides: [String] = []
    ) throws -> Recipe {
        try Recipe(
            yaml: """
                name: test/small
                description: A small recipe
                dataset: {name: cifar100, augmentation: \(augmentation)}
                teacher: &teacher {model: resnet56}
                method: &method
                  name: reviewkd
                  review: {weight: 0.6, warmup: {epochs: 2}}
                student: \(student)
                optimizer: \(optimizer)
                schedule: {name: cosine}
                epochs: 8
                batch_size: 128
                \(also)
                """, file: "test.yaml", overrides: overrides)
    }

    @Test(
        "Yes and no are read as PyYAML reads them",
        arguments: [
            ("true", true), ("True", true), ("TRUE", true), ("yes", true), ("Yes", true),
            ("on", true),
            ("false", false), ("False", false), ("FALSE", false), ("no", false), ("OFF", false),
        ])
    func flags(_ text: String, _ value: Bool) throws {
        #expect(try recipe(augmentation: "{flip: \(text)}").dataset.augmentation.flips == value)
        let set = try recipe(overrides: ["optimizer.nesterov=\(text)"])
        #expect(set.optimizer.options.nesterov == value)
    }

    @Test(
        "Numbers are numbers with an exponent, without a digit before the point, and with low lines",
        arguments: [
            ("1e-1", 0.1), ("1E-1", 0.1), ("1.e-1", 0.1), (".1", 0.1), ("1e+0", 1), ("5.", 5),
            ("+0.1", 0.1), ("1_0.5", 10.5), ("1", 1),
        ])
    func numbers(_ text: String, _ value: Double) throws {
        let recipe = try recipe(optimizer: "{learning_rate: \(text), weight_decay: 5e-4}")
        #expect(recipe.optimizer.learningRate == value)
        #expect(recipe.optimizer.options.weightDecay == 0.0005)
    }

    @Test("Whole numbers may have low lines between their digits, and nowhere else")
    func wholeNumbers() throws {
        #expect(try recipe(also: "validation: {split: 5_000}").validation.split == 5000)
        for text in ["5__0", "_50", "50_"] {
            #expect(throws: RecipeError.self) { try recipe(also: "validation: {split: \(text)}") }
        }
    }

    @Test(
        "A merge key brings in the keys of other sections; own keys win, then the first section's")
    func merging() throws {
        #expect(try recipe(student: "{<<: *teacher}").student.model == "resnet56")
        #expect(try recipe(student: "{<<: *teacher, model: resnet8}").student.model == "resnet8")
        #expect(try recipe(student: "{model: resnet8, <<: *teacher}").student.model == "resnet8")
        let list = "{<<: [{model: vgg8}, *teacher]}"
        #expect(try recipe(student: list).student.model == "vgg8")
        let nested = "{<<: {<<: *teacher}}"
        #expect(try recipe(student: nested).student.model == "resnet56")
    }

    @Test("An option reaches into what a merge key brings in, and leaves its origin alone")
    func mergingUnderOptions() throws {
        let merged = try recipe(
            student: "{<<: *teacher}", overrides: ["student.model=resnet8"])
        #expect(merged.student.model == "resnet8")
        #expect(merged.teacher?.model == "resnet56")
        let base = """
            name: test/small
            description: A small recipe
            dataset: &data {name: cifar100, augmentation: {crop_padding: 2, flip: true}}
            student: {model: resnet20}
            method: {name: alone}
            optimizer: {learning_rate: 0.1}
            schedule: {name: cosine}
            epochs: 8
            batch_size: 128
            """
        let text = base.replacing("student:", with: "<<: {seed: 4, precision: float32}\nstudent:")
        let set = try Recipe(yaml: text, file: "test.yaml", overrides: ["seed=5"])
        #expect(set.seed == 5)
        #expect(set.precision == .float32)
        let error = #expect(throws: RecipeError.self) {
            try Recipe(
                yaml: text.replacing("seed: 4", with: "sed: 4"), file: "test.yaml")
        }
        #expect(
            error?.description.hasPrefix("test.yaml:4: unknown key \"sed\"; did you mean \"seed\"?")
                == true)
    }
}

import COCO
import DetectionTraining
import Detectors
import Distillation
import Foundation
import RecipeSyntax
import Recipes
import Testing
import Torch
import TorchNN
import TorchTestSupport
import Training
import VisionModels

/// Other methods than knowledge review between two detectors.
@Suite("Methods between detectors") struct DetectionMethodTests {
    private static let classCount = 3

    private let batch: Batch<[BoxTargets]> = {
        let targets = (0..<2).map { index in
            BoxTargets(
                size: ImageSize(height: 64, width: 64),
                boxes: Tensor([4, 6, 40, 50, 20, 10, 60, 30] as [Float], shape: [2, 4]),
                classes: Tensor([0, 2] as [Int64]), masks: [],
                key: SampleKey(7, UInt64(index)))
        }
        return Batch(
            images: Tensor.hashed(3, shape: [2, 3, 64, 64], dtype: .float32), targets: targets,
            indices: Tensor.arange(0..<2))
    }()

    private let truths = COCOAnnotations(path: "", images: [], categories: [], annotations: [])

    private func recipe(_ methods: String, family: String = "faster_rcnn") throws -> Recipe {
        let pair = try Recipe.load(nameOrPath: "coco/\(family)_R50-R18-short")
        return try pair.taught(by: try #require([MethodSettings.Name](joined: methods)))
    }

    /// The terms of one step, with the student and the teacher that made them.
    private func step(
        _ recipe: Recipe
    ) throws -> (terms: [String: Tensor], student: any Detector, teacher: any Detector) {
        var recipe = recipe
        recipe.teacher?.model = recipe.student.model
        let student = try recipe.makeDetector(classCount: Self.classCount, device: .cpu)
        let teacher = try #require(
            try recipe.makeTeacherDetector(classCount: Self.classCount, device: .cpu))
        let distiller = try recipe.makeDetectionDistiller(
            student, judgedBy: truths,
            teacher: recipe.makeTeacher(teacher, precision: .float32),
            precision: .float32)
        let losses = distiller.losses(batch)
        return (
            Dictionary(uniqueKeysWithValues: losses.terms.map { ($0.name, $0.value) }), student,
            teacher
        )
    }

    /// Zhao et al., equation 7, for one region, in numbers of Swift.
    private func decoupled(_ own: [Double], _ goal: [Double], class label: Int) -> Double {
        func probabilities(_ logits: [Double]) -> [Double] {
            let powers = logits.map { exp($0) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
        func divergence(_ goal: [Double], _ own: [Double]) -> Double {
            zip(goal, own).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
        }
        func others(_ values: [Double]) -> [Double] {
            values.indices.filter { $0 != label }.map { values[$0] }
        }
        let (ours, theirs) = (probabilities(own), probabilities(goal))
        let first = divergence(
            [theirs[label], 1 - theirs[label]], [ours[label], 1 - ours[label]])
        let second = divergence(probabilities(others(goal)), probabilities(others(own)))
        return first + 0.25 * second
    }

    @Test("DKD compares what both heads say of the regions that the student learns from")
    func regions() throws {
        let (terms, student, teacher) = try step(try recipe("dkd"))
        let regions = try #require(student.learn(from: batch.images, batch.targets).regions)
        let theirs = try #require(
            teacher.regionLogits(
                of: regions.boxes, in: teacher.features(batch.images, keepsPreactivations: false)))
        let width = Self.classCount + 1
        func rows(_ logits: Tensor) -> [[Double]] {
            let values = logits.elements(as: Float.self).map(Double.init)
            return stride(from: 0, to: values.count, by: width).map {
                Array(values[$0..<($0 + width)])
            }
        }
        let classes = regions.classes.elements(as: Int64.self).map(Int.init)
        #expect(Set(classes) == [0, 2, 3], "objects of both classes, and background")
        let values = zip(zip(rows(regions.logits), rows(theirs)), classes).map {
            decoupled($0.0, $0.1, class: $1)
        }
        let expected = values.reduce(0, +) / Double(values.count)
        #expect(expected > 0)
        expectClose(try #require(terms["dkd"]), [expected], relative: 1e-4)
    }

    @Test("FitNet regresses every level of the pyramid by a convolution of 1×1")
    func pyramid() throws {
        let recipe = try recipe("fitnet")
        let (terms, student, teacher) = try step(recipe)
        let constants = try #require(recipe.method[FitNet.self])
        let term = try FitNet(
            constants,
            in: PyramidPlace(student: student, teacher: teacher, generator: recipe.generator(11)))
        let maps = [student, teacher].map {
            $0.features(batch.images, keepsPreactivations: false).stages
        }
        var expected = 0.0
        for (name, weight) in term.trainableParameters.map({ ($0.name, $0.tensor) })
        where name.hasSuffix("weight") {
            #expect(weight.shape == [256, 256, 1, 1])
            let level = try #require(Int(name.split(separator: ".")[2]))
            let bias = try #require(
                term.trainableParameters.first { $0.name == "fitnet.regressor.\(level).bias" })
            let map = maps[0][level]
            let pixels = map.permute([0, 2, 3, 1]).reshape([-1, 256])
            let goal = maps[1][level].permute([0, 2, 3, 1]).reshape([-1, 256])
            let regressed =
                pixels.matmul(weight.reshape([256, 256]).transposed) + bias.tensor
            let difference = regressed - goal
            expected += (difference * difference).mean().item()
        }
        #expect(term.trainableParameters.count == 10)
        expectClose(try #require(terms["fitnet"]), [expected], relative: 1e-4)
    }

    @Test("Methods add up, and none changes the terms of another")
    func together() throws {
        let recipe = try recipe("reviewkd+dkd")
        let terms = try step(recipe).terms
        #expect(
            Set(terms.keys) == ["rpn_class", "rpn_box", "class", "box", "review", "dkd"])
        #expect(recipe.method[DecoupledKnowledgeDistillation.self]?.temperature == 1)
        #expect(recipe.method[DecoupledKnowledgeDistillation.self]?.beta == 0.25)
        #expect(recipe.method.review?.term.weight == 1.2)
        let alone = try step(try self.recipe("reviewkd")).terms
        for (name, value) in alone {
            #expect(value.item() == terms[name]?.item(), "\(name) is the same without DKD")
        }
    }

    @Test("A method that is not for detectors is refused, and DKD of RetinaNet")
    func refused() throws {
        func message(_ methods: String, _ family: String) throws -> String {
            let recipe = try recipe(methods, family: family)
            let error = #expect(throws: RecipeError.self) {
                try Recipe(yaml: recipe.yaml, file: "recipe.yaml")
            }
            return error?.description ?? ""
        }
        let crd = try message("crd", "faster_rcnn")
        #expect(crd.contains("crd is not made for detectors") && crd.contains("fitnet, dkd"))
        let dkd = try message("dkd", "retinanet")
        #expect(dkd.contains("what two detectors say of regions"), "\(dkd)")
        _ = try Recipe(yaml: try recipe("fitnet", family: "retinanet").yaml, file: "recipe.yaml")
    }
}

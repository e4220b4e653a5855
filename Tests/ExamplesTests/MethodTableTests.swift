import Distillation
import Examples
import RecipeSyntax
import Testing
import Torch
import VisionModels

@testable import Recipes

/// The example, also where a copy of it was added as its page says.
private typealias LogitMatching = Examples.LogitMatching

/// What a recipe makes of the example's file, once its line stands in the list.
@Suite("The example's method in recipes")
struct MethodTableTests {
    private let use = MethodUse(
        names: ["mse"], teacher: "resnet56", student: "resnet20", epochs: 240)

    @Test("Its table is its section of the page and of a resolved recipe, and reads that back")
    func table() throws {
        var constants = MethodConstants(LogitMatching.self, for: use)
        #expect(constants.entries == [RecipeEntry(path: "weight", value: "1.0")])
        #expect(constants.rows.map(\.path) == ["weight"])
        #expect(constants.rows.first?.standard == "`1.0`")
        let source = RecipeSource(file: "own.yaml", text: "{weight: 2.5}", overrides: [])
        try constants.read(source.root())
        #expect(constants[LogitMatching.self]?.weight == 2.5)
        let wrong = RecipeSource(file: "own.yaml", text: "{wieght: 2.5}", overrides: [])
        let error = #expect(throws: RecipeError.self) { try constants.read(wrong.root()) }
        #expect(
            error?.description == """
                own.yaml:1: unknown key "wieght"; did you mean "weight"? The keys here are weight.
                """)
    }

    @Test("Its constants make the term between two networks")
    func term() throws {
        let network = Architecture.resnet8.make(classCount: 3, generator: Generator(seed: 0))
        let term = try MethodConstants(LogitMatching.self, for: use).makeTerm(
            in: MethodPlace(
                student: network, teacher: network, images: ImageFacts(), seed: 0,
                generator: Generator(seed: 0)))
        #expect(term is LogitMatching && term?.name == "mse")
    }
}

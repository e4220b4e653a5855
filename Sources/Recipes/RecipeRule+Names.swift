import Basics
import Detectors
import RecipeSyntax
import VisionModels

extension RecipeRule where Value == String {
    static let name = Self(
        expected: "a name of letters, digits and . _ + - between single slashes",
        read: {
            guard let name = try Self.text.read($0) else { return nil }
            return Recipe.isName(name) ? name : nil
        }, text: \.yaml)

    private static let models = Architecture.all.map(\.name) + DetectorArchitecture.all.map(\.name)

    /// The name of a model in its own letter case.
    static let model = oneOf(models)

    /// The same, or the name of a teacher that is a program.
    static let modelOrProgram = oneOf(models + [TeacherSettings.program])

    private static func oneOf(_ names: [String]) -> Self {
        Self(
            expected: "one of \(names.joined(separator: ", "))",
            nearest: { NearestName.find($0, among: names) },
            read: { field in
                field.scalar.flatMap { name in
                    names.first { $0.lowercased() == name.lowercased() }
                }
            }, text: \.yaml)
    }
}

extension Recipe {
    /// Whether a recipe may have this name, with letters of any script.
    package static func isName(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !["", ".", ".."].contains(part)
                && part.allSatisfy { $0.isLetter || $0.isNumber || "._+-".contains($0) }
        }
    }
}

extension RecipeRule where Value == Int {
    /// A whole number that products with numbers of images cannot carry beyond the range of `Int`.
    static func integer(atLeast minimum: Int) -> Self {
        integer(atLeast: minimum, atMost: Recipe.largestNumber)
    }
}

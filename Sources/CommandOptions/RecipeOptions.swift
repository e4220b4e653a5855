import ArgumentParser
import Basics
import Recipes
import TensorFiles

/// Values of a recipe that the command line replaces.
package struct OverrideOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: "Override one value of the recipe: key.path=value. May be repeated.")
    package var values: [String] = []

    /// Takes what the command line gives.
    package init() {}

    /// The recipe with these values.
    package func load(_ nameOrPath: String) throws -> Recipe {
        try Recipe.load(nameOrPath: nameOrPath, overrides: values)
    }

    /// The recipe with these values and a method.
    ///
    /// - Parameters:
    ///   - nameOrPath: the recipe.
    ///   - method: whose values are meant, also where the recipe's own method is another.
    ///   - complete: what other options change before the method's published constants are looked up.
    /// - Returns: it.
    /// - Throws: what loading and `complete` throw.
    package func load(
        _ nameOrPath: String, taughtBy method: MethodOptions,
        _ complete: (Recipe) throws -> Recipe
    ) throws -> Recipe {
        let own = values.filter { method.method != nil && $0.hasPrefix("method.") }
        let others = values.filter { !own.contains($0) }
        let taught = try method.apply(
            to: complete(try Recipe.load(nameOrPath: nameOrPath, overrides: others)))
        guard !own.isEmpty else { return taught }
        return try Recipe(yaml: taught.yaml, file: nameOrPath, overrides: own)
    }
}

/// Which method teaches.
package struct MethodOptions: ParsableArguments {
    @Option(help: "Use this method with its published constants, such as crd or reviewkd+kd.")
    package var method: String?

    /// Takes what the command line gives.
    package init() {}

    package func validate() throws { _ = try names() }

    /// The recipe taught by this method.
    package func apply(to recipe: Recipe) throws -> Recipe {
        try names().map { try recipe.taught(by: $0) } ?? recipe
    }

    private func names() throws -> [MethodSettings.Name]? {
        guard let method else { return nil }
        guard let names = [MethodSettings.Name](joined: method) else {
            throw ValidationError(MethodSettings.Name.unknown(method, option: "--method"))
        }
        return names
    }
}

/// Where in a file the weights are.
package struct WeightsOptions: ParsableArguments {
    @Option(
        help: """
            The key of the weights in a checkpoint, or the beginning of the weights' names. Join several \
            keys with dots (default: state_dict, model and other known keys). `distill` uses it for the \
            teacher's file.
            """)
    package var weightsKey: String?

    /// Takes what the command line gives.
    package init() {}

    /// Where in the file they are.
    package var key: WeightsKey { WeightsKey(weightsKey) }
}

/// Reads seeds separated by commas, each of which stands once.
package func parseSeeds(_ text: String) throws -> [Int] {
    let numbers = listed(text).map { Int($0) }
    let known = numbers.compactMap(\.self)
    guard known.count == numbers.count, known.allSatisfy({ $0 >= 0 }) else {
        throw ValidationError(
            "--seeds is \(text), expected whole numbers of at least 0, as 0,1,2")
    }
    guard Set(known).count == known.count else {
        throw ValidationError("--seeds is \(text), expected each seed once")
    }
    return known
}

/// A recipe that is sound, but not for this command.
package struct WrongRecipe: Error, CustomStringConvertible {
    /// One sentence with the remedy.
    package let description: String

    /// Makes one of a sentence.
    package init(description: String) { self.description = description }
}

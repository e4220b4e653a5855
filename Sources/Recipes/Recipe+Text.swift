import Basics
import Crypto
import Foundation
import RecipeSyntax

extension Recipe {
    /// The recipe as YAML with every default written out; decoding it gives an equal recipe.
    public var yaml: String {
        var lines: [String] = []
        var previous: ArraySlice<Substring> = []
        for entry in Self.table.entries(of: self) {
            let keys = entry.path.split(separator: ".")
            let sections = keys.dropLast()
            let shared = zip(sections, previous).prefix { $0 == $1 }.count
            for depth in shared..<sections.count {
                lines.append(indentation(depth) + "\(keys[depth]):")
            }
            lines.append(indentation(sections.count) + "\(keys[sections.count]): \(entry.value)")
            previous = sections
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Compares with an earlier recipe; name and description, which decide nothing, may differ.
    ///
    /// - Parameter earlier: The recipe to compare with.
    /// - Returns: A line such as `seed: 1 was 0` for every value that differs, in the order of the file.
    public func differences(from earlier: Recipe) -> [String] {
        let new = settings
        let old = earlier.settings
        let removed = old.map(\.path).filter { path in !new.contains { $0.path == path } }
        return (new.map(\.path) + removed).compactMap { path in
            let now = new.first { $0.path == path }?.value
            let before = old.first { $0.path == path }?.value
            return now == before ? nil : "\(path): \(now ?? "absent") was \(before ?? "absent")"
        }
    }

    /// The entries that decide a run: all but name and description.
    private var settings: [RecipeEntry] {
        Self.table.entries(of: self).filter { $0.path != "name" && $0.path != "description" }
    }

    /// The values that decide a run by their keys, such as `optimizer.learning_rate`.
    package var values: [String: String] {
        Dictionary(settings.map { ($0.path, $0.value) }) { first, _ in first }
    }

    /// A digest of all that decides a run.
    package var digest: String {
        let lines = settings.map { "\($0.path): \($0.value)\n" }
        return String(SHA256.hash(data: Data(lines.joined().utf8)).hexadecimal.prefix(16))
    }

    private func indentation(_ depth: Int) -> String {
        String(repeating: "  ", count: depth)
    }
}

import Distillation
import RecipeSyntax
import Recipes

/// The page of every key of a recipe with its range, default and meaning, in Markdown.
enum KeysPage {
    static var text: String {
        let rows = Recipe.keys
        var sections: [String] = []
        for row in rows.compactMap(\.section) where !sections.contains(row) {
            sections.append(row)
        }
        var lines = [
            "# The keys of a recipe", "",
            "`reviewkd recipes keys` prints this page from the tables that read recipes.",
            "A recipe is one YAML file. A key that is unknown is an error, and so is one that another "
                + "value makes meaningless.",
            "An optional key may be left out or set to `null`. On the command line, "
                + "`--set optimizer.learning_rate=0.05` replaces one value.",
            "", "## Top level", "",
        ]
        lines += table(of: rows.filter { $0.section == nil })
        for section in sections {
            let own = rows.filter { $0.section == section }
            lines += ["", "## `\(section)`", ""]
            if section == "method" { lines += methods + [""] }
            lines += table(of: own)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The names of methods with a sentence each.
    private static var methods: [String] {
        [
            "| name | method |", "|---|---|",
            "| `alone` | The labels alone, without a teacher; joined with nothing. |",
        ] + DistillationMethods.all.map { row($0) } + [
            "| `reviewkd` | Knowledge review: the teacher's features, stage by stage. |"
        ] + DistillationMethods.refinements.map { row($0) } + [
            "",
            "A method's constants are as published where they are left out. The defaults here are those of "
                + "one method by itself over 240 epochs.",
            "A few depend on the two networks, on the length of the run, or on the methods that are joined.",
            "Without the section `review`, its weight is the one published for the two networks.",
        ]
    }

    private static func row(_ method: any NamedMethod.Type) -> String {
        "| `\(method.name)` | \(method.summary) |"
    }

    private static func table(of rows: [KeyRow]) -> [String] {
        ["| key | value | default | meaning |", "|---|---|---|---|"]
            + rows.map { row in
                let path = row.section.map { String(row.path.dropFirst($0.count + 1)) } ?? row.path
                return "| `\(path)` | \(row.expected) | \(row.standard ?? "required") "
                    + "| \(row.meaning) |"
            }
    }
}

extension KeyRow {
    /// The key of the top level under which it stands; nil for one that stands there itself.
    fileprivate var section: String? {
        path.firstIndex(of: ".").map { String(path[..<$0]) }
    }
}

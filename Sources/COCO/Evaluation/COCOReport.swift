import Basics

/// The figures of an evaluation as text and as JSON.
public struct COCOReport: Encodable {
    private let figures: COCOFigures
    private let classes: [COCOCategoryFigures]?

    /// Takes the figures.
    ///
    /// - Parameters:
    ///   - evaluation: the evaluation.
    ///   - perClass: whether those of each category are told too.
    public init(_ evaluation: COCOEvaluation, perClass: Bool) {
        figures = evaluation.figures
        classes = perClass ? evaluation.categories : nil
    }

    /// Lines for people.
    public var text: String {
        let rows = zip(zip(COCOFigures.names, figures.values), Self.meanings)
        let lines = rows.map { row in
            row.0.0.padded(to: 8) + row.0.1.figure.padded(to: 10) + row.1
        }
        return (lines + table).joined(separator: "\n")
    }

    private static let meanings =
        [
            "precision, mean of overlaps from 0.50 to 0.95", "precision at an overlap of 0.50",
            "precision at an overlap of 0.75", "precision, small objects (area up to 32²)",
            "precision, medium objects (32² to 96²)", "precision, large objects (from 96²)",
        ]
        + [1, 10, 100].map { "recall with \($0) result\($0 == 1 ? "" : "s") an image and category" }
        + ["small", "medium", "large"].map { "recall, \($0) objects" }

    /// The columns of the table of categories.
    private static let columns = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"]

    private var table: [String] {
        guard let classes else { return [] }
        let names = classes.map { "\($0.category.id)  \($0.category.name?.shown ?? "")" }
        let width = (names.map(\.count).max() ?? 0) + 2
        func row(_ name: String, _ figures: [String]) -> String {
            let others = figures.dropLast().map { $0.padded(to: 8) }
            return name.padded(to: width) + others.joined() + (figures.last ?? "")
        }
        let rows = zip(names, classes).map { name, entry in
            row(name, Self.columns.map { (entry.figures[$0] ?? -1).figure })
        }
        return ["", row("", Self.columns)] + rows
    }

    /// A part of the JSON; dictionaries keep the names of their keys as they are.
    private enum Part: Encodable {
        case number(Double)
        case id(COCOIdentifier)
        case text(String)
        case list([[String: Part]])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .id(let id): try container.encode(id)
            case .text(let text): try container.encode(text)
            case .list(let entries): try container.encode(entries)
            }
        }
    }

    private static func parts(_ figures: COCOFigures) -> [String: Part] {
        Dictionary(
            uniqueKeysWithValues: zip(COCOFigures.names, figures.values.map { Part.number($0) }))
    }

    /// Writes the twelve figures by their names, and those of the categories as `classes`.
    public func encode(to encoder: any Encoder) throws {
        var object = Self.parts(figures)
        if let classes {
            object["classes"] = .list(
                classes.map { entry in
                    var part = Self.parts(entry.figures)
                    part["id"] = .id(entry.category.id)
                    part["name"] = entry.category.name.map { .text($0) }
                    return part
                })
        }
        // As a value the dictionary keeps its keys, which are no names of Swift.
        var container = encoder.singleValueContainer()
        try container.encode(object)
    }
}

extension Double {
    /// The number to four places; −1 stands for nothing that counts.
    package var figure: String { self == -1 ? "-1" : formatted(places: 4) }
}

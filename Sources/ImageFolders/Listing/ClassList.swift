import Basics
import Foundation

/// A list of the classes of images that lie in one flat folder, as ImageNet's validation images do.
///
/// Three forms are understood: a line `FILE CLASS` for each image, a line `CLASS` for each image in the order of
/// the files' names, and Kaggle's `LOC_val_solution.csv`, whose lines are `FILE,CLASS x y x y …`. A class is the
/// name of its folder in train, or its number from 0.
struct ClassList {
    /// The names under which such a list is looked for.
    static let names = [
        "val.txt", "val_classes.txt", "LOC_val_solution.csv",
        "imagenet_2012_validation_synset_labels.txt", "ILSVRC2012_validation_ground_truth.txt",
    ]

    /// ImageNet's development kit numbers the classes in an order of its own.
    private static let unclear = "ILSVRC2012_validation_ground_truth.txt"

    private let path: String
    private let lines: [(number: Int, fields: [Substring])]

    /// Reads the list that lies in a folder; nil where there is none.
    ///
    /// - Throws: `ImageFolderError.unclearClassList`, or `FileError`.
    init?(in directory: String) throws {
        let found = Self.names.map { directory + "/" + $0 }.filter {
            FileManager.default.fileExists(atPath: $0)
        }
        guard let path = found.first else { return nil }
        guard !path.hasSuffix(Self.unclear) else {
            throw ImageFolderError.unclearClassList(path: path)
        }
        self.path = path
        let isTable = path.hasSuffix(".csv")
        lines = try TextFile.lines(path).enumerated()
            .map { number, line in
                let fields = line.split { $0 == "," && isTable || $0.isWhitespace }
                return (number + 1, isTable ? Array(fields.prefix(2)) : fields)
            }
            .filter { !$0.fields.isEmpty && !(isTable && $0.number == 1) }
    }

    /// Gives every image of a flat list its class.
    ///
    /// - Parameters:
    ///   - list: the images of the flat folder.
    ///   - classNames: of the training split, where there is one; else those of the list in their order.
    /// - Throws: `ImageFolderError.badClassList`.
    func label(_ list: inout ImageList, classNames: [String]?) throws {
        let hasFiles = lines.first?.fields.count != 1
        if let odd = lines.first(where: { $0.fields.count != (hasFiles ? 2 : 1) }) {
            throw ImageFolderError.badClassList(
                path: path, line: odd.number,
                reason: "expected FILE CLASS on every line, or CLASS alone on every line; found "
                    + "\(odd.fields.count) words")
        }
        guard hasFiles || lines.count == list.count else {
            throw ImageFolderError.badClassList(
                path: path, line: lines.last?.number ?? 1,
                reason: "expected a line for each of the \(list.count) images, found "
                    + "\(lines.count) lines")
        }
        list.classNames =
            classNames ?? ClassNames.standing(for: lines.map { String($0.fields.last ?? "") })
        let byName = Dictionary(list.classNames.enumerated().map { ($1, $0) }) { first, _ in first }
        let areNumbers = lines.allSatisfy { $0.fields.last.flatMap { Int($0) } != nil }
        let numbers = try lines.map { line in
            let text = String(line.fields.last ?? "")
            let number = byName[text] ?? (areNumbers ? Int(text) : nil)
            guard let number, list.classNames.indices.contains(number) else {
                throw ImageFolderError.badClassList(
                    path: path, line: line.number,
                    reason: "the class \(text.quoted) is not one of the \(list.classNames.count) "
                        + "classes")
            }
            return number
        }
        guard hasFiles else { return list.relabel { position, _ in numbers[position] } }
        let byFile = Dictionary(
            zip(lines.map { Self.stem($0.fields[0]) }, numbers),
            uniquingKeysWith: { _, last in last })
        let named = list
        try list.relabel { position, _ in
            let file = named.path(position)
            guard let number = byFile[Self.stem(file[...])] else {
                throw ImageFolderError.badClassList(
                    path: path, line: 1, reason: "expected a line for \(file), found none")
            }
            return number
        }
    }

    /// A file's name without folder and ending, by which lists and folders agree.
    private static func stem(_ file: Substring) -> String {
        let name = file.split(separator: "/").last ?? file
        return String(name.prefix { $0 != "." })
    }
}

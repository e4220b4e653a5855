import VisionData
import VisionModels

/// What the name of a file or folder says about the weights in it.
struct TeacherName {
    private let text: String

    /// Reads a name, whose letter case does not matter.
    init(_ name: String) { text = name.lowercased() }

    /// Whether the name is a model's and nothing else, as `ResNet-56` or `wrn-40-2`.
    func isName(of model: Architecture) -> Bool {
        Self.places(of: Self.parts(of: model.name), in: text).contains(
            text.startIndex..<text.endIndex)
    }

    /// The only model whose name stands in this one, with nothing but signs and the ends around it.
    ///
    /// A name that stands within another's, as `ResNet34` in `imagenet-ResNet34`, is not meant by itself.
    var model: Architecture? {
        let found = Architecture.all.flatMap { model in
            Self.places(of: Self.parts(of: model.name), in: text).map { (model: model, place: $0) }
        }
        let whole = found.filter { one in
            !found.contains { $0.place != one.place && $0.place.contains(one.place) }
        }
        let models = Set(whole.map(\.model))
        return models.count == 1 ? models.first : nil
    }

    /// The data sets that are named.
    var datasets: Set<String> {
        let known =
            Dataset.all.map { ($0.name, Self.parts(of: $0.name)) }
            + [("imagenet", ["imagenet"]), ("imagenet", ["imagenet", "1k"])]
        return Set(known.filter { !Self.places(of: $0.1, in: text).isEmpty }.map(\.0))
    }

    /// Whether no data set is named but others.
    func allows(_ dataset: Dataset) -> Bool {
        datasets.isEmpty || datasets.contains(dataset.name)
    }

    /// Where parts stand one after the other, with `-`, `_` or nothing between them.
    private static func places(of parts: [String], in text: String) -> [Range<String.Index>] {
        func end(from start: String.Index) -> String.Index? {
            var rest = text[start...]
            for (index, part) in parts.enumerated() {
                if index > 0, let sign = rest.first, "-_".contains(sign) { rest.removeFirst() }
                guard rest.hasPrefix(part) else { return nil }
                rest.removeFirst(part.count)
            }
            return rest.startIndex
        }
        func isBoundary(_ character: Character?) -> Bool {
            character.map { !$0.isLetter && !$0.isNumber } ?? true
        }
        return text.indices.compactMap { start in
            guard isBoundary(text[..<start].last), let end = end(from: start),
                isBoundary(text[end...].first)
            else { return nil }
            return start..<end
        }
    }

    /// The parts of a name: `MobileNetV2` has `mobile`, `net`, `v` and `2`.
    private static func parts(of name: String) -> [String] {
        var parts: [String] = []
        var previous: Character = "_"
        for character in name {
            let begins =
                "-_".contains(previous) || previous.isNumber != character.isNumber
                || (previous.isLowercase && character.isUppercase)
            if !"-_".contains(character) {
                if begins { parts.append("") }
                parts[parts.count - 1].append(contentsOf: character.lowercased())
            }
            previous = character
        }
        return parts
    }
}

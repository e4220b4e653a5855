import ArgumentParser
import Basics
import Downloads
import VisionData

/// A data set that can be downloaded.
enum PublishedDataset {
    /// In one archive.
    case archive(PublishedArchive)
    /// In several, each of which can be had alone.
    case parts(PublishedParts)

    private static let all: [(name: String, dataset: PublishedDataset)] =
        Dataset.all.compactMap { dataset in dataset.archive.map { (dataset.name, .archive($0)) } }
        + PublishedParts.all.map { ($0.dataset, .parts($0)) }

    /// The names as the help has them.
    static var names: String {
        let names = all.map(\.name)
        return names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")"
    }

    /// Finds a data set by name; letter case does not matter.
    ///
    /// - Throws: `ValidationError` with the names that exist.
    init(named name: String) throws {
        let lower = name.lowercased()
        guard let found = Self.all.first(where: { $0.name == lower }) else {
            let isOther = Dataset.all.contains { $0.name == lower }
            let problem = isOther ? "has nothing to download" : "is unknown"
            let names = Self.all.map(\.name)
            let near =
                isOther || lower.isEmpty
                ? nil
                : names.first { $0.hasPrefix(lower) } ?? NearestName.find(name, among: names)
            throw ValidationError(
                "data set '\(name)' \(problem); expected \(Self.names)"
                    + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
        self = found.dataset
    }
}

extension PublishedParts {
    /// The parts of some names, in the order in which they are fetched.
    ///
    /// - Parameter names: as they were typed, with commas between them; all where it is nil.
    /// - Returns: the parts.
    /// - Throws: `ValidationError` where there is none of a name.
    func parts(named names: String?) throws -> [Part] {
        guard let names else { return parts }
        let known = parts.map(\.name)
        let wanted = names.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.lowercased().filter { $0 != " " }
        }
        if let foreign = wanted.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "--parts names '\(foreign)', expected some of \(known.joined(separator: ","))")
        }
        return parts.filter { wanted.contains($0.name) }
    }
}

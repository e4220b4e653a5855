import ArgumentParser
import Remedies
import VisionData

/// The data sets that a command can take.
package enum KnownDatasets {
    /// Those whose images lie in a folder.
    package static let inFolders = Dataset.all.filter(\.needsFolder)

    /// Their names as the help has them, `cifar100 or cifar10`.
    package static func names(of datasets: [Dataset]) -> String {
        datasets.map(\.name).joined(separator: " or ")
    }

    /// The data set of a name on the command line.
    ///
    /// - Parameters:
    ///   - name: as it was typed; letter case does not matter.
    ///   - known: the data sets that the command can take.
    /// - Returns: the data set.
    /// - Throws: `ValidationError` with the names that exist.
    package static func named(_ name: String, among known: [Dataset]) throws -> Dataset {
        if let other = Dataset.all.first(where: { $0.name == name.lowercased() }),
            !known.contains(other)
        {
            throw ValidationError(
                "data set '\(other)' is not one that this command takes; expected \(names(of: known))"
            )
        }
        do {
            return try Dataset.named(name, among: known)
        } catch {
            throw ValidationError(told(error))
        }
    }
}

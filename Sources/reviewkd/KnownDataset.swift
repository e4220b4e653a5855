import ArgumentParser
import VisionData

/// The data set of a name on the command line.
///
/// - Parameter name: as it was typed; letter case does not matter.
/// - Returns: the data set.
/// - Throws: `ValidationError` with the names that exist.
func knownDataset(_ name: String) throws -> CIFARDataset {
    guard let dataset = CIFARDataset(named: name) else {
        throw ValidationError("data set '\(name)' is unknown; expected cifar10 or cifar100")
    }
    return dataset
}

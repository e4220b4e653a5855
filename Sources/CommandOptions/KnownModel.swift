import Detectors
import VisionModels

/// A network by its name, of whatever kind.
package enum KnownModel {
    /// One that names one class for a picture.
    case classifier(Architecture)
    /// One that finds objects.
    case detector(DetectorArchitecture)

    /// Finds a network by name; letter case does not matter.
    ///
    /// - Throws: `ModelError.unknown` with the names that exist.
    package init(named name: String) throws(ModelError) {
        let wanted = name.lowercased()
        if let known = Architecture.all.first(where: { $0.name.lowercased() == wanted }) {
            self = .classifier(known)
        } else if let known = DetectorArchitecture.all.first(where: {
            $0.name.lowercased() == wanted
        }) {
            self = .detector(known)
        } else {
            throw .unknown(
                name: name,
                known: Architecture.all.map(\.name) + DetectorArchitecture.all.map(\.name))
        }
    }
}

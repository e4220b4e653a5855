import ArgumentParser
import Basics
import Recipes
import Training
import VisionData
import VisionModels

/// Numbers of a normalisation, one a channel.
package struct ChannelValues {
    /// Red, green and blue.
    package let values: [Double]

    /// Reads `R,G,B`.
    ///
    /// - Parameters:
    ///   - text: as on the command line.
    ///   - kind: the mean or the deviation.
    ///   - option: for the error.
    /// - Throws: `ValidationError`, with the numbers divided by 255 where they seem to be of 0…255.
    package init(_ text: String, _ kind: ChannelNumbers, of option: String) throws {
        let parts = listed(text)
        values = parts.compactMap { Double($0) }
        let areNumbers = values.count == parts.count
        if areNumbers, kind.allow(values) { return }
        let meant = areNumbers ? kind.meant(by: values) : nil
        let remedy = meant.map { values in
            "; if they are for colours of 0 to 255, divide them by 255: "
                + values.map { $0.formatted(places: 4) }.joined(separator: ",")
        }
        throw ValidationError("\(option) is \(text), expected \(kind.expected)\(remedy ?? "")")
    }
}

/// The normalisation of a teacher's images: a name, or the numbers themselves.
package struct TeacherNormalization {
    /// As recipes have it.
    package let settings: NormalizationSettings

    /// Reads the name of a data set or `R,G,B/R,G,B`, mean and deviation.
    ///
    /// - Throws: `ValidationError`.
    package init(_ text: String) throws {
        let option = "--teacher-normalization"
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let named = NormalizationSettings(named: text)
        switch (named, parts.count) {
        case (let named?, _): settings = named
        case (nil, 2):
            settings = .custom(
                Normalization(
                    mean: try ChannelValues(parts[0], .mean, of: "the mean of \(option)").values,
                    deviation: try ChannelValues(
                        parts[1], .deviation, of: "the deviation of \(option)"
                    ).values))
        default:
            let names = NormalizationSettings.names
            let nearest = NearestName.find(text, among: names)
            throw ValidationError(
                "\(option) is \(text), expected \(names.joined(separator: ", ")) or R,G,B/R,G,B "
                    + "(mean/deviation, from 0 to 1)"
                    + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
    }
}

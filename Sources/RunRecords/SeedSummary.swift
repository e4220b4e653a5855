import Basics
import Foundation

/// What one recipe gave with several seeds, after the last epoch of each.
///
/// As JSON it is one flat object: `seeds`, and each score by its name.
public struct SeedSummary: Sendable {
    /// The seeds.
    public let seeds: [Int]

    /// Scores on the test set by their names, such as `top1` in percent, or `AP`.
    public let scores: [String: Accuracies]

    /// The scores that networks which classify are summarised by.
    public static let ofClassifiers = ["top1", "top5"]

    /// Summarises finished runs; nil where one of them has not been evaluated on the test set.
    ///
    /// - Parameters:
    ///   - seeds: at least one.
    ///   - histories: the records of each seed's epochs, in the order of `seeds`.
    ///   - names: the scores that count; those that no run has are left out.
    public init?(seeds: [Int], histories: [[EpochRecord]], scores names: [String]) {
        let results = histories.compactMap(\.last?.test)
        guard results.count == seeds.count else { return nil }
        self.seeds = seeds
        var scores: [String: Accuracies] = [:]
        for name in names {
            let values = results.compactMap { $0[name] }
            guard !values.isEmpty else { continue }
            guard values.count == seeds.count else { return nil }
            scores[name] = Accuracies(values)
        }
        guard !scores.isEmpty else { return nil }
        self.scores = scores
    }

    /// Writes the summary as one line of JSON.
    ///
    /// - Parameter path: the file; overwritten where it exists.
    /// - Throws: `FileError` where it cannot be written.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: path)
    }
}

extension SeedSummary: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Writes a flat object, in which every score keeps its name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(seeds, forKey: Key("seeds"))
        for (name, score) in scores { try container.encode(score, forKey: Key(name)) }
    }
}

import Basics
import Foundation

/// What one recipe gave with several seeds, after the last epoch of each.
public struct SeedSummary: Encodable, Sendable {
    /// The seeds.
    public let seeds: [Int]

    /// How often the first guess is right on the test set, in percent.
    public let top1: Accuracies

    /// How often one of the first five guesses is right on the test set, in percent.
    public let top5: Accuracies

    /// Summarises finished runs; nil where one of them has not been evaluated on the test set.
    ///
    /// - Parameters:
    ///   - seeds: at least one.
    ///   - histories: the records of each seed's epochs, in the order of `seeds`.
    public init?(seeds: [Int], histories: [[EpochRecord]]) {
        let results = histories.compactMap(\.last?.test)
        guard results.count == seeds.count else { return nil }
        self.seeds = seeds
        let (firsts, fives) = (results.compactMap { $0["top1"] }, results.compactMap { $0["top5"] })
        guard firsts.count == seeds.count, fives.count == seeds.count else { return nil }
        top1 = Accuracies(firsts)
        top5 = Accuracies(fives)
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

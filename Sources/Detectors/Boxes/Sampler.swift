import Basics
import Torch

/// The name of a stream of random numbers: equal names give equal draws, so that nothing has to be saved.
public struct SampleKey: Sendable, Hashable {
    private let numbers: [UInt64]

    /// Names a stream by some numbers, as the seed, the epoch and the picture's position.
    public init(_ numbers: UInt64...) {
        self.numbers = numbers
    }

    private init(list: [UInt64]) {
        numbers = list
    }

    /// The name of another stream, which goes on from this name.
    public func appending(_ number: UInt64) -> SampleKey { SampleKey(list: numbers + [number]) }

    /// The stream.
    var random: CounterRandom { CounterRandom(numbers: numbers) }
}

/// Draws the positives and negatives that a step learns from.
///
/// Reference: detectron2, `modeling/sampling.py`.
public struct Sampler: Sendable, Hashable {
    /// How many are drawn in all, if there are as many.
    public let count: Int

    /// How many of them are positive at most, as a share in 0...1.
    public let positiveFraction: Double

    /// Makes a sampler.
    public init(count: Int, positiveFraction: Double) {
        self.count = count
        self.positiveFraction = positiveFraction
    }

    /// That of region proposals.
    public static let proposals = Sampler(count: 256, positiveFraction: 0.5)

    /// That of the box head.
    public static let boxHead = Sampler(count: 512, positiveFraction: 0.25)

    /// Draws from what was labelled: positives first, and negatives for the places that are left.
    ///
    /// A function of the labels and the key alone. All are taken where the limits exceed what there is.
    ///
    /// - Parameters:
    ///   - labels: int64 `[N]`: −1 is never drawn, and what is neither −1 nor `negativeLabel` is positive.
    ///   - negativeLabel: the label of the negatives.
    ///   - key: which random numbers are used.
    /// - Returns: the places of both in `labels`, int64, rising, on the device of `labels`.
    public func callAsFunction(
        _ labels: Tensor, negativeLabel: Int = 0, key: SampleKey
    ) -> (positives: Tensor, negatives: Tensor) {
        var positives: [Int64] = []
        var negatives: [Int64] = []
        for (place, label) in labels.elements(as: Int64.self).enumerated() where label != -1 {
            if label == negativeLabel {
                negatives.append(Int64(place))
            } else {
                positives.append(Int64(place))
            }
        }
        var random = key.random
        positives.keepAny(Int(Double(count) * positiveFraction), using: &random)
        negatives.keepAny(count - positives.count, using: &random)
        return (Tensor(positives).to(labels.device), Tensor(negatives).to(labels.device))
    }
}

extension [Int64] {
    /// Removes all but some, each with the same chance, and keeps the order.
    fileprivate mutating func keepAny(_ most: Int, using random: inout CounterRandom) {
        guard most < count else { return }
        for place in 0..<most {
            swapAt(place, Int.random(in: place..<count, using: &random))
        }
        self = prefix(most).sorted()
    }
}

import Torch
import TorchNN

/// Draws images of other classes, by operators on the device alone.
///
/// The images lie sorted by class, shuffled within each, so that those of other classes are one run of
/// places around the circle. Of such a run of m places, image i of a step takes the places
/// (a · k + b) mod m for k = 0, 1, …: all different, since a is a prime above m / 2. Where more are asked
/// for than there are, places repeat.
///
/// a and b are functions of (seed, step, image); the step is a buffer, so that a resumed run goes on with
/// the same draws.
final class NegativeSampler: Module {
    /// How many images are trained on.
    let imageCount: Int

    /// Their positions sorted by class, int64 `[images]`.
    @Buffer var sorted: Tensor

    /// By class: where the run of other images begins, and how many they are, int64 `[classes]`.
    @Buffer var begin: Tensor
    @Buffer var length: Tensor

    /// By class: primes for its run's length, int64 `[classes, choices]`.
    @Buffer var primes: Tensor

    /// How many steps have drawn, int64 `[1]`.
    @Buffer var step: Tensor

    private let seed: Int64
    private let choices = 256

    /// Prepares the draws.
    ///
    /// - Parameters:
    ///   - labels: the class of every image, nil where it is held out.
    ///   - seed: the origin of the draws.
    /// - Throws: `DistillationError.oneClass` where all images are of one class.
    init(labels: [Int?], seed: UInt64) throws(DistillationError) {
        var random = Lehmer(seed: seed)
        let used = labels.enumerated().compactMap { position, label in
            label.map { (position: Int64(position), label: $0) }
        }
        imageCount = used.count
        let classes = (used.map(\.label).max() ?? 0) + 1
        var members = Array(repeating: [Int64](), count: classes)
        for (position, label) in used { members[label].append(position) }
        for index in members.indices { members[index].shuffle(using: &random) }
        let counts = members.map(\.count)
        guard counts.filter({ $0 > 0 }).count > 1 else { throw .oneClass }
        let ends = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }.dropFirst()
        sorted = Tensor(members.flatMap(\.self))
        begin = Tensor(ends.map(Int64.init))
        length = Tensor(counts.map { Int64(used.count - $0) })
        let known = primesUp(to: used.count)
        let choices = choices
        let rows = counts.map { count -> [Int64] in
            let run = used.count - count
            let fitting = known.filter { 2 * $0 > run && $0 < run }
            let usable = fitting.isEmpty ? [1] : fitting
            return (0..<choices).map { _ in Int64(usable.randomElement(using: &random) ?? 1) }
        }
        primes = Tensor(rows.flatMap(\.self), shape: [classes, choices])
        step = Tensor([Int64(0)])
        self.seed = Int64(seed % 1_000_003)
    }

    /// Draws for the images of a step.
    ///
    /// - Parameters:
    ///   - positions: the images' positions in the training set, int64 `[N]`.
    ///   - targets: their classes, int64 `[N]`.
    ///   - count: how many negatives each gets.
    /// - Returns: the images themselves and behind each its negatives, int64 `[N, 1 + count]`.
    func callAsFunction(_ positions: Tensor, targets: Tensor, count: Int) -> Tensor {
        withoutGrad {
            let length = length.select(0, targets)
            let choice = draw(positions, 1).remainder(dividingBy: choices).unsqueeze(1)
            let factor = primes.select(0, targets).take(along: 1, choice)
            let offset = draw(positions, 2)
            let steps = Tensor.arange(0..<count, device: targets.device).unsqueeze(0)
            let run = length.unsqueeze(1)
            let places = (factor * steps + offset.unsqueeze(1)).remainder(dividingBy: run)
            let around = (places + begin.select(0, targets).unsqueeze(1))
                .remainder(dividingBy: imageCount)
            let negatives = sorted.select(0, around.flatten())
                .reshape([targets.size(0), count])
            step.add(whole(1))
            return Tensor.concatenate([positions.unsqueeze(1), negatives], dimension: 1)
        }
    }

    /// A number in 0..<2³¹ − 1 for each image, `[N]`: squares modulo a prime, again and again.
    private func draw(_ positions: Tensor, _ purpose: Int64) -> Tensor {
        let prime = 2_147_483_647
        var value = positions * whole(48_271) + step * whole(69_621)
        value = (value + whole(seed * 7919 + purpose * 104_729 + 1)).remainder(dividingBy: prime)
        for _ in 0..<4 { value = (value * value + whole(1_234_577)).remainder(dividingBy: prime) }
        return value
    }

    /// A number that operators on any device take as it is.
    private func whole(_ number: Int64) -> Tensor { Tensor([number], shape: []) }
}

/// The prime numbers up to a limit, in order.
func primesUp(to limit: Int) -> [Int] {
    guard limit >= 2 else { return [] }
    var isPrime = Array(repeating: true, count: limit + 1)
    return (2...limit).filter { number in
        guard isPrime[number] else { return false }
        for multiple in stride(from: number * number, through: limit, by: number) {
            isPrime[multiple] = false
        }
        return true
    }
}

/// A multiplicative congruential generator for what is prepared once.
///
/// Reference: Park and Miller, *Random Number Generators: Good Ones Are Hard to Find*, 1988.
private struct Lehmer: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed % 2_147_483_646 + 1 }

    mutating func next() -> UInt64 {
        var result: UInt64 = 0
        for _ in 0..<3 {
            state = state * 48_271 % 2_147_483_647
            result = result << 24 ^ state
        }
        return result
    }
}

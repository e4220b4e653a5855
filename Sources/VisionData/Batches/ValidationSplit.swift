import Basics

/// Holds images out of a training set, the same ones for the same seed.
///
/// - Parameters:
///   - held: how many images to hold out.
///   - count: how many there are.
///   - seed: the origin of the choice.
/// - Returns: the positions to train on and those held out, each in ascending order.
/// - Precondition: fewer images are held out than there are.
public func validationSplit(
    holdingOut held: Int, of count: Int, seed: UInt64
) -> (training: [Int64], validation: [Int64]) {
    precondition(held < count, "validationSplit: \(held) held out of \(count)")
    guard held > 0 else { return (Array(0..<Int64(count)), []) }
    var random = CounterRandom(seed, 3)
    let shuffled = (0..<Int64(count)).shuffled(using: &random)
    return (shuffled.dropFirst(held).sorted(), shuffled.prefix(held).sorted())
}

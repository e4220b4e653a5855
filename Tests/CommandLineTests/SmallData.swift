import Foundation

/// CIFAR records whose bytes a seed decides.
enum SmallData {
    /// Records with labels below the given counts, by default those of CIFAR-100.
    static func records(_ count: Int, seed: UInt64, labels: [Int] = [20, 100]) -> Data {
        var random = LinearRandom(seed: seed)
        var data = Data(capacity: count * 3074)
        for record in 0..<count {
            for (index, limit) in labels.enumerated() {
                data.append(UInt8(record * (index == 0 ? 1 : 7) % limit))
            }
            for _ in 0..<3072 { data.append(UInt8.random(in: 0...255, using: &random)) }
        }
        return data
    }
}

/// Knuth's MMIX generator: the same numbers on every machine.
struct LinearRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        func step() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32
        }
        return step() << 32 | step()
    }
}

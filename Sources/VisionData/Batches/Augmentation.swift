import Torch

/// Random crops and flips.
public struct Augmentation: Sendable, Equatable {
    /// How many black pixels surround an image before a crop of its own size is cut, 0 for none.
    public let cropPadding: Int

    /// Whether each image is mirrored with probability one half.
    public let flips: Bool

    /// Gathers the settings.
    public init(cropPadding: Int = 4, flips: Bool = true) {
        self.cropPadding = cropPadding
        self.flips = flips
    }

    /// No change at all.
    public static let none = Augmentation(cropPadding: 0, flips: false)

    /// The draws for one image.
    struct Draw {
        let top: Int
        let left: Int
        let isFlipped: Bool
    }

    /// Draws for one image; always as many numbers, whatever the settings.
    func draw(using random: inout CounterRandom) -> Draw {
        Draw(
            top: Int(random.next(upperBound: UInt64(2 * cropPadding + 1))),
            left: Int(random.next(upperBound: UInt64(2 * cropPadding + 1))),
            isFlipped: random.next(upperBound: UInt64(2)) == 1 && flips)
    }

    /// Crops and mirrors a batch in one gather.
    ///
    /// - Parameters:
    ///   - draws: one per image.
    ///   - pixels: uint8 `[N, 3, H, W]`.
    /// - Returns: uint8 `[N, 3, H, W]`, channels last in memory.
    func apply(_ draws: ArraySlice<Draw>, to pixels: Tensor) -> Tensor {
        guard cropPadding > 0 || flips else { return pixels }
        let count = draws.count
        let height = pixels.size(2)
        let width = pixels.size(3)
        var rows: [Int64] = []
        var columns: [Int64] = []
        rows.reserveCapacity(count * height)
        columns.reserveCapacity(count * width)
        for draw in draws {
            for row in 0..<height { rows.append(Int64(draw.top + row)) }
            for column in 0..<width {
                let mirrored = draw.isFlipped ? width - 1 - column : column
                columns.append(Int64(draw.left + mirrored))
            }
        }
        let device = pixels.device
        let cut = pixels.padded(cropPadding).gather([
            Tensor.arange(0..<count, device: device).reshape([count, 1, 1]),
            nil,
            Tensor(rows, shape: [count, height, 1]).to(device),
            Tensor(columns, shape: [count, 1, width]).to(device),
        ])  // [N, H, W, 3]
        return cut.permute([0, 3, 1, 2])
    }
}

/// Random numbers that are a function of a seed and a position: nothing to save, nothing shared.
///
/// Reference: Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014
/// (SplitMix64).
public struct CounterRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the stream of some numbers, as seed, purpose and epoch.
    public init(_ numbers: UInt64...) {
        state = numbers.reduce(0) { CounterRandom.mix($0 ^ CounterRandom.mix($1)) }
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return CounterRandom.finish(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 { finish(value &+ 0x9E37_79B9_7F4A_7C15) }

    private static func finish(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

import Basics
import Torch

/// Random crops and flips.
public struct Augmentation: Sendable, Equatable {
    /// How many black pixels surround an image before a crop of its own size is cut, 0 for none.
    public var cropPadding: Int

    /// Whether each image is mirrored with probability one half.
    public var flips: Bool

    /// A second view of each image in every batch, strongly changed; nil for none.
    public var secondView: SecondView?

    /// Gathers the settings.
    public init(cropPadding: Int = 4, flips: Bool = true, secondView: SecondView? = nil) {
        self.cropPadding = cropPadding
        self.flips = flips
        self.secondView = secondView
    }

    /// The same changes of the first view alone.
    public var withoutSecondView: Augmentation {
        Augmentation(cropPadding: cropPadding, flips: flips)
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

    /// Crops and mirrors a batch in one gather, by operators on its device alone.
    ///
    /// - Parameters:
    ///   - draws: int64 `[N, 3]`, the rows of `Draw.numbers`.
    ///   - pixels: uint8 `[N, 3, H, W]`.
    ///   - grid: of the images' size.
    /// - Returns: uint8 `[N, 3, H, W]`, channels last in memory.
    func apply(_ draws: Tensor, to pixels: Tensor, on grid: CropGrid) -> Tensor {
        guard cropPadding > 0 || flips else { return pixels }
        let count = pixels.size(0)
        func drawn(_ column: Int) -> Tensor {
            draws.narrow(1, column..<(column + 1)).unsqueeze(2)  // [N, 1, 1]
        }
        let cut = pixels.padded(cropPadding).gather([
            Tensor.arange(0..<count, device: pixels.device).reshape([count, 1, 1]),
            nil,
            drawn(0) + grid.rows,
            drawn(1) + grid.columns + drawn(2) * grid.mirroring,
        ])  // [N, H, W, 3]
        return cut.permute([0, 3, 1, 2])
    }
}

extension Augmentation.Draw {
    /// The numbers that `apply` takes.
    var numbers: [Int64] { [Int64(top), Int64(left), isFlipped ? 1 : 0] }
}

/// The pixel positions of an image, on its device.
struct CropGrid {
    /// `[1, H, 1]`.
    let rows: Tensor

    /// `[1, 1, W]`.
    let columns: Tensor

    /// What mirroring adds to each column, `[1, 1, W]`.
    let mirroring: Tensor

    /// The grid of a set's images.
    init(of set: ImageSet) {
        let height = set.pixels.size(2)
        let width = set.pixels.size(3)
        func place(_ numbers: [Int], _ shape: [Int]) -> Tensor {
            Tensor(numbers.map(Int64.init), shape: shape).to(set.pixels.device)
        }
        rows = place(Array(0..<height), [1, height, 1])
        columns = place(Array(0..<width), [1, 1, width])
        mirroring = place((0..<width).map { width - 1 - 2 * $0 }, [1, 1, width])
    }
}

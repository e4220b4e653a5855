import Basics
import Foundation
import Torch

/// A second, strongly changed view of each training image, beside the one that is cropped and mirrored.
///
/// It is cropped and mirrored anew, then changed by operations of Pillow as torchvision calls them, with nearest
/// pixels and black where there are none.
///
/// Reference: Cubuk et al., *RandAugment: Practical Automated Data Augmentation with a Reduced Search Space*, 2020,
/// <https://arxiv.org/abs/1909.13719>; Müller and Hutter, *TrivialAugment: Tuning-free Yet State-of-the-Art Data
/// Augmentation*, ICCV 2021, <https://arxiv.org/abs/2103.10158>; the ranges are torchvision's defaults.
public enum SecondView: String, Sendable, CaseIterable {
    /// RandAugment: two operations at strength 9 of 30.
    case randaugment

    /// TrivialAugment, its wide form: one operation of any strength.
    case trivial

    /// Draws the codes of an image's operations; always as many numbers.
    func draw(using random: inout CounterRandom) -> [Int] {
        let draws = (0..<2).map { _ in
            StrongCode(
                operation: Int(random.next(upperBound: UInt64(StrongOperation.allCases.count))),
                level: Int(random.next(upperBound: UInt64(StrongCode.levels))),
                isNegative: random.next(upperBound: UInt64(2)) == 1)
        }
        switch self {
        case .randaugment:
            return draws.map { draw in
                StrongCode(
                    operation: draw.operation, level: 9, isNegative: draw.isNegative
                ).number
            }
        case .trivial: return [draws[0].number, StrongCode.identity.number]
        }
    }
}

/// One operation with its strength, as a number.
struct StrongCode {
    /// How many strengths there are, from none to the most.
    static let levels = 31

    /// Nothing happens.
    static let identity = StrongCode(operation: 0, level: 0, isNegative: false)

    /// How many codes there are.
    static let count = StrongOperation.allCases.count * levels * 2

    /// The place among `StrongOperation.allCases`.
    var operation: Int
    var level: Int
    var isNegative: Bool

    var number: Int { (operation * Self.levels + level) * 2 + (isNegative ? 1 : 0) }

    init(operation: Int, level: Int, isNegative: Bool) {
        self.operation = operation
        self.level = level
        self.isNegative = isNegative
    }

    init(number: Int) {
        isNegative = number % 2 == 1
        level = number / 2 % Self.levels
        operation = number / 2 / Self.levels
    }
}

/// What may happen to an image, in torchvision's order.
enum StrongOperation: CaseIterable {
    case identity, shearX, shearY, translateX, translateY, rotate
    case brightness, color, contrast, sharpness
    case posterize, solarize, autoContrast, equalize
}

/// The operations of a second view on whole batches, by operators on their device alone.
///
/// Each of the two rounds moves pixels, blends them with a weaker image, and looks them up in a table. A code
/// decides which of the three does something, by constants that lie on the device.
struct StrongChanges: Sendable {
    /// Of each code what takes a result's place to the source's, in 1/65536 of a pixel, int64 `[codes, 6]`.
    private let matrices: Tensor

    /// Of each code which image is blended in: 0 none, then `StrongOperation` from brightness on; int64 `[codes]`.
    private let blends: Tensor

    /// Of each code the share of the image itself, float32 `[codes]`.
    private let shares: Tensor

    /// Of each code the values for the values 0 to 255, int64 `[codes, 256]`.
    private let tables: Tensor

    /// Of each code 1 where the table comes from the image's own values by its range, 2 by its counts, int64
    /// `[codes]`.
    private let adaptive: Tensor

    private let device: Device

    /// Prepares for images of a size.
    init(_ view: SecondView, height: Int, width: Int, device: Device) {
        let all = (0..<StrongCode.count).map {
            StrongStrength(StrongCode(number: $0), view, height: height, width: width)
        }
        self.device = device
        func place(_ numbers: [Int], _ shape: [Int]) -> Tensor {
            Tensor(numbers.map(Int64.init), shape: shape).to(device)
        }
        matrices = place(all.flatMap(\.matrix), [all.count, 6])
        blends = place(all.map(\.blend), [all.count])
        shares = Tensor(all.map { Float($0.share) }).to(device)
        tables = place(all.flatMap(\.table), [all.count, 256])
        adaptive = place(all.map(\.adaptive), [all.count])
    }

    /// Changes a batch.
    ///
    /// - Parameters:
    ///   - pixels: uint8 `[N, 3, H, W]`.
    ///   - codes: int64 `[N, 2]`, what happens first and then.
    /// - Returns: uint8 of the same shape.
    func callAsFunction(_ pixels: Tensor, _ codes: Tensor) -> Tensor {
        (0..<2).reduce(pixels) { changed, round in
            let own = codes.narrow(1, round..<(round + 1)).reshape([-1])
            return looked(blended(moved(changed, own), own), own)
        }
    }

    private func whole(_ number: Int) -> Tensor {
        Tensor.full([1], Double(number), dtype: .int64, device: device)
    }

    /// Takes each pixel from where the code's matrix says, black from outside.
    ///
    /// Pillow computes the places in numbers with 16 bits behind the point.
    private func moved(_ pixels: Tensor, _ codes: Tensor) -> Tensor {
        let (count, height, width) = (pixels.size(0), pixels.size(2), pixels.size(3))
        let matrix = matrices.select(0, codes)
        func entry(_ index: Int) -> Tensor {
            matrix.narrow(1, index..<(index + 1)).unsqueeze(2)  // [N, 1, 1]
        }
        let columns = Tensor.arange(0..<width, device: device).reshape([1, 1, width])
        let rows = Tensor.arange(0..<height, device: device).reshape([1, height, 1])
        let one = whole(1 << 16)
        let x = (entry(0) * columns + entry(1) * rows + entry(2)).quotient(dividingBy: one)
        let y = (entry(3) * columns + entry(4) * rows + entry(5)).quotient(dividingBy: one)
        let isInside = x.isAtLeast(0).and(x.isLess(than: Double(width)))
            .and(y.isAtLeast(0)).and(y.isLess(than: Double(height)))
        let taken = pixels.gather([
            Tensor.arange(0..<count, device: device).reshape([count, 1, 1]), nil,
            y.maximum(whole(0)).minimum(whole(height - 1)),
            x.maximum(whole(0)).minimum(whole(width - 1)),
        ])  // [N, H, W, 3]
        return (taken * isInside.to(.uint8).unsqueeze(3)).permute([0, 3, 1, 2])
    }

    /// Mixes each image with a weaker one, or away from it.
    private func blended(_ pixels: Tensor, _ codes: Tensor) -> Tensor {
        let kind = blends.select(0, codes).reshape([-1, 1, 1, 1])
        func isOf(_ number: Int) -> Tensor { kind.isEqual(to: whole(number)) }
        let values = pixels.to(.int64)
        func channel(_ index: Int, times factor: Int) -> Tensor {
            values.narrow(1, index..<(index + 1)) * whole(factor)
        }
        // Pillow's grey, in 1/65536.
        let grey =
            (channel(0, times: 19_595) + channel(1, times: 38_470)
            + channel(2, times: 7471) + whole(1 << 15)).quotient(dividingBy: whole(1 << 16))
        let count = pixels.size(2) * pixels.size(3)
        let mean = (grey.sum([1, 2, 3], keepDimensions: true) * whole(2) + whole(count))
            .quotient(dividingBy: whole(2 * count))
        let black = grey * whole(0)
        let plain = Tensor.choose(isOf(2), grey, Tensor.choose(isOf(3), black + mean, black))
        let weaker = Tensor.choose(isOf(4), smoothed(values), plain).to(.float32)
        let share = shares.select(0, codes).reshape([-1, 1, 1, 1])
        let mixed = (weaker + (values.to(.float32) - weaker) * share)
            .clamped(to: 0...255).floor().to(.uint8)
        return Tensor.choose(isOf(0), pixels, mixed)
    }

    /// Pillow's SMOOTH: the mean of nine pixels, of which the middle one counts five times; the border stays.
    private func smoothed(_ values: Tensor) -> Tensor {
        let (height, width) = (values.size(2), values.size(3))
        guard height > 2, width > 2 else { return values }
        func shifted(_ y: Int, _ x: Int) -> Tensor {
            values.narrow(2, y..<(y + height - 2)).narrow(3, x..<(x + width - 2))
        }
        let all = (0..<9).map { shifted($0 / 3, $0 % 3) }
        let sum = all.dropFirst().reduce(all[0], +) + all[4] * whole(4)
        // Rounded to the nearest; a thirteenth never lies between two.
        let inner = (sum * whole(2) + whole(13)).quotient(dividingBy: whole(26))
        let columns = Tensor.arange(0..<width, device: device).reshape([1, 1, 1, width])
        let rows = Tensor.arange(0..<height, device: device).reshape([1, 1, height, 1])
        let isInner = columns.isAtLeast(1).and(columns.isLess(than: Double(width - 1)))
            .and(rows.isAtLeast(1)).and(rows.isLess(than: Double(height - 1)))
        return Tensor.choose(isInner, inner.padded(1), values)
    }

    /// Looks each value up, in the code's table or in one from the image's own values.
    private func looked(_ pixels: Tensor, _ codes: Tensor) -> Tensor {
        let (count, height, width) = (pixels.size(0), pixels.size(2), pixels.size(3))
        let values = pixels.contiguous().to(.int64).reshape([count, 3, height * width])
        let kind = adaptive.select(0, codes).reshape([-1, 1, 1])
        let counts = Tensor.zeros([count, 3, 256], dtype: .int64, device: device)
            .addingAt(2, values, values * whole(0) + whole(1))
        let fixed = tables.select(0, codes).unsqueeze(1) + counts * whole(0)
        let own = Tensor.choose(
            kind.isEqual(to: whole(1)), stretched(counts),
            Tensor.choose(kind.isEqual(to: whole(2)), equalized(counts), fixed))
        return own.take(along: 2, values).to(.uint8).reshape([count, 3, height, width])
    }

    /// The smallest and the largest value that there is, `[N, 3, 1]` each.
    private func range(of counts: Tensor) -> (least: Tensor, most: Tensor) {
        let isThere = counts.isGreater(than: 0).to(.int64)
        let places = Tensor.arange(0..<256, device: device)
        let most = (isThere * places).max(2).values.unsqueeze(2)
        let least = whole(255) - (isThere * (whole(255) - places)).max(2).values.unsqueeze(2)
        return (least, most)
    }

    /// Pillow's autocontrast: the range there is becomes 0 to 255.
    private func stretched(_ counts: Tensor) -> Tensor {
        let (least, most) = range(of: counts)
        let places = Tensor.arange(0..<256, device: device)
        let isWide = most.isGreater(than: least)
        let span = Tensor.choose(isWide, most - least, whole(1)).to(.float64)
        let scale = Tensor.full([1], 255, dtype: .float64, device: device) / span
        let offset = -least.to(.float64) * scale
        let table = (places.to(.float64) * scale + offset).clamped(to: 0...255).floor().to(.int64)
        return Tensor.choose(isWide, table, places + counts * whole(0))
    }

    /// Pillow's equalize: about as many pixels of each value.
    private func equalized(_ counts: Tensor) -> Tensor {
        let (_, most) = range(of: counts)
        let places = Tensor.arange(0..<256, device: device) + counts * whole(0)
        let all = counts.sum([2], keepDimensions: true)
        let step = (all - counts.take(along: 2, most)).quotient(dividingBy: whole(255))
        let isWide = step.isGreater(than: 0)
        let divisor = Tensor.choose(isWide, step, whole(1))
        let before = counts.cumulativeSum(2) - counts
        let table = (divisor.quotient(dividingBy: whole(2)) + before)
            .quotient(dividingBy: divisor).minimum(whole(255))
        return Tensor.choose(isWide, table, places)
    }
}

/// The constants of one code for images of a size.
private struct StrongStrength {
    /// From a result's place to the source's, in 1/65536 of a pixel: x from x, y and 1, then y.
    var matrix = Self.fixed([1, 0, 0, 0, 1, 0])
    var blend = 0
    var share = 1.0
    var table = Array(0..<256)
    var adaptive = 0

    init(_ code: StrongCode, _ view: SecondView, height: Int, width: Int) {
        let steps = Double(StrongCode.levels - 1)
        let isWide = view == .trivial
        func strength(upTo most: Double) -> Double {
            most * Double(code.level) / steps * (code.isNegative ? -1 : 1)
        }
        func blended(_ kind: Int) {
            blend = kind
            share = 1 + strength(upTo: isWide ? 0.99 : 0.9)
        }
        switch StrongOperation.allCases[code.operation] {
        case .identity: break
        case .shearX: matrix = Self.fixed([1, strength(upTo: isWide ? 0.99 : 0.3), 0, 0, 1, 0])
        case .shearY: matrix = Self.fixed([1, 0, 0, strength(upTo: isWide ? 0.99 : 0.3), 1, 0])
        case .translateX:
            let pixels = strength(upTo: isWide ? 32 : 150.0 / 331 * Double(width))
            matrix = Self.fixed([1, 0, -pixels.rounded(.towardZero), 0, 1, 0])
        case .translateY:
            let pixels = strength(upTo: isWide ? 32 : 150.0 / 331 * Double(height))
            matrix = Self.fixed([1, 0, 0, 0, 1, -pixels.rounded(.towardZero)])
        case .rotate:
            matrix = Self.rotation(strength(upTo: isWide ? 135 : 30), height: height, width: width)
        case .brightness: blended(1)
        case .color: blended(2)
        case .contrast: blended(3)
        case .sharpness: blended(4)
        case .posterize:
            let lost = Int(
                (Double(code.level) / (steps / (isWide ? 6 : 4))).rounded(.toNearestOrEven))
            table = table.map { ($0 >> lost) << lost }
        case .solarize:
            let threshold = 255 - 255 * Double(code.level) / steps
            table = table.map { Double($0) < threshold ? $0 : 255 - $0 }
        case .autoContrast: adaptive = 1
        case .equalize: adaptive = 2
        }
    }

    /// Pillow's numbers: the middle of a pixel is at one half.
    private static func fixed(_ matrix: [Double]) -> [Int] {
        func number(_ value: Double) -> Int { Int((value * 65536 + 0.5).rounded(.down)) }
        return [0, 3].flatMap { row -> [Int] in
            let (byX, byY, start) = (matrix[row], matrix[row + 1], matrix[row + 2])
            return [number(byX), number(byY), number(start + byX * 0.5 + byY * 0.5)]
        }
    }

    /// Against the clock around the middle.
    private static func rotation(_ degrees: Double, height: Int, width: Int) -> [Int] {
        func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
        var angle = degrees.truncatingRemainder(dividingBy: 360)
        if angle < 0 { angle += 360 }
        let radians = -(angle * (.pi / 180))
        let (cosine, sine) = (rounded(cos(radians)), rounded(sin(radians)))
        let (x, y) = (Double(width) / 2, Double(height) / 2)
        return fixed([
            cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y,
        ])
    }
}

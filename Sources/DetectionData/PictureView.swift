import Detectors
import Masks
import Torch

/// How one picture is seen: at which size, and mirrored or not.
struct PictureView: Sendable, Equatable {
    /// The size in the image's file.
    let original: ImageSize

    /// The size that it is seen at.
    let size: ImageSize

    /// Whether left and right are exchanged.
    let isFlipped: Bool

    private var across: Double { Double(size.width) / Double(original.width) }
    private var down: Double { Double(size.height) / Double(original.height) }

    private func column(_ x: Double) -> Double {
        isFlipped ? Double(size.width) - x * across : x * across
    }

    /// The targets of the picture as it is seen.
    ///
    /// - Parameters:
    ///   - objects: in the pixels of the file.
    ///   - key: which random numbers are drawn for them.
    /// - Returns: the targets.
    func targets(_ objects: LearnableObjects, key: SampleKey) -> BoxTargets {
        let boxes = stride(from: 0, to: objects.boxes.count, by: 4).flatMap { place in
            let first = column(objects.boxes[place])
            let second = column(objects.boxes[place + 2])
            return [
                min(first, second), objects.boxes[place + 1] * down, max(first, second),
                objects.boxes[place + 3] * down,
            ]
        }
        return BoxTargets(
            size: size, originalSize: original,
            boxes: Tensor(boxes.map(Float.init), shape: [objects.classes.count, 4]),
            classes: Tensor(objects.classes, shape: [objects.classes.count]),
            masks: objects.masks.map(seen), key: key)
    }

    private func seen(_ mask: InstanceMask) -> InstanceMask {
        switch mask {
        case .polygons(let polygons):
            .polygons(
                polygons.map { polygon in
                    polygon.enumerated().map { $0 % 2 == 0 ? column($1) : $1 * down }
                })
        case .pixels(let runs):
            .pixels(seen(runs))
        }
    }

    /// The nearest pixels.
    private func seen(_ runs: RunLengthMask) -> RunLengthMask {
        let pixels = runs.pixels
        func source(_ place: Int, _ scale: Double, _ count: Int) -> Int {
            min(Int((Double(place) + 0.5) / scale), count - 1)
        }
        let columns = (0..<size.width).map { x in
            source(isFlipped ? size.width - 1 - x : x, across, original.width)
        }
        let result = (0..<size.height).flatMap { y in
            let row = source(y, down, original.height) * original.width
            return columns.map { pixels[row + $0] }
        }
        return RunLengthMask(pixels: result, height: size.height, width: size.width)
    }
}

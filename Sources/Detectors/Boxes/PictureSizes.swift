import Torch

/// How large a picture becomes: its short edge gets a length, unless the long one would then be too long.
///
/// Reference: detectron2, `data/transforms/augmentation_impl.py`, `ResizeShortestEdge`.
public struct ShortestEdgeResize: Sendable, Hashable {
    /// What the short edge becomes, in pixels.
    public let shortEdge: Int

    /// What the long edge is at most, in pixels.
    public let longest: Int

    /// Describes the resizing.
    public init(shortEdge: Int, longest: Int) {
        self.shortEdge = shortEdge
        self.longest = longest
    }

    /// The new size of a picture, rounded; an extremely long one gets a side of 0.
    public func size(of picture: ImageSize) -> ImageSize {
        let scale = Double(shortEdge) / Double(min(picture.height, picture.width))
        var height = Double(shortEdge)
        var width = Double(shortEdge)
        if picture.height < picture.width {
            width = scale * Double(picture.width)
        } else {
            height = scale * Double(picture.height)
        }
        if max(height, width) > Double(longest) {
            let shrink = Double(longest) / max(height, width)
            height *= shrink
            width *= shrink
        }
        return ImageSize(height: Int(height + 0.5), width: Int(width + 0.5))
    }
}

/// The size of a batch of pictures: the largest height and width, rounded up to multiples.
///
/// - Parameters:
///   - sizes: those of the pictures, at least one.
///   - divisor: of which number both become multiples.
/// - Returns: the size that all fit into.
public func paddedSize(of sizes: [ImageSize], divisor: Int = 32) -> ImageSize {
    func rounded(_ length: Int) -> Int { (length + divisor - 1) / divisor * divisor }
    return ImageSize(
        height: rounded(sizes.map(\.height).max() ?? 0),
        width: rounded(sizes.map(\.width).max() ?? 0))
}

/// Pictures as one batch, with zeros at the right and at the bottom.
///
/// Normalised pictures are padded with their mean colour so.
///
/// Reference: detectron2, `structures/image_list.py`.
///
/// - Parameters:
///   - pictures: `[C, h, w]` each, of one type; at least one.
///   - divisor: of which number height and width of the batch are multiples.
/// - Returns: `[N, C, H, W]`.
public func padded(_ pictures: [Tensor], divisor: Int = 32) -> Tensor {
    let sizes = pictures.map { ImageSize(height: $0.size(1), width: $0.size(2)) }
    let batch = paddedSize(of: sizes, divisor: divisor)
    return Tensor.stack(
        zip(pictures, sizes).map { picture, size in
            picture.padded(right: batch.width - size.width, bottom: batch.height - size.height)
        })
}

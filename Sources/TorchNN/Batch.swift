import Torch

/// A mini-batch on the device.
public struct Batch<Targets> {
    /// Normalised images, `[N, 3, H, W]`.
    public let images: Tensor

    /// What they are to be recognised as; class indices `[N]` for classification.
    public let targets: Targets

    /// The images' positions in their set, int64 `[N]`, for methods with a memory.
    public let indices: Tensor

    /// How many images there are.
    public var count: Int { images.size(0) }

    /// Gathers the tensors.
    public init(images: Tensor, targets: Targets, indices: Tensor) {
        self.images = images
        self.targets = targets
        self.indices = indices
    }
}

import Torch

/// A mini-batch on the device.
public struct Batch<Targets> {
    /// Normalised images, `[N, 3, H, W]`.
    public let images: Tensor

    /// What they are to be recognised as; class indices `[N]` for classification.
    public let targets: Targets

    /// The images' positions in their set, int64 `[N]`, for methods with a memory.
    public let indices: Tensor

    /// How often each image is there, changed in another way each time.
    public let views: Int

    /// How many images there are, each view for itself.
    public var count: Int { images.size(0) }

    /// Gathers the tensors.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - targets: what they are to be recognised as.
    ///   - indices: their positions in their set.
    ///   - views: how often each image is there.
    public init(images: Tensor, targets: Targets, indices: Tensor, views: Int = 1) {
        self.views = views
        self.images = images
        self.targets = targets
        self.indices = indices
    }
}

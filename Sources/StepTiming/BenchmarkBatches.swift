import Recipes
import Torch
import TorchNN
import Training
import VisionData

/// Batches for timed steps.
struct BenchmarkBatches {
    /// What the host does for the next batch before its step.
    let advance: () throws -> Void

    /// That batch, by operators on the device alone.
    let batch: () -> Batch<Tensor>

    /// Synthetic batches: one and the same again and again, or each cut and augmented anew.
    ///
    /// - Parameters:
    ///   - images: their size and classes.
    ///   - count: how many a batch has.
    ///   - recipe: how they are augmented.
    ///   - device: where they are.
    ///   - augmented: whether each is cut anew.
    ///   - views: how many views each image has.
    init(
        _ images: BenchmarkImages, _ count: Int, of recipe: Recipe, device: Device,
        augmented: Bool, views: Int
    ) {
        advance = {}
        let shape = [count, 3, images.size, images.size]
        guard augmented else {
            let count = count * views
            let pixels = Tensor.empty([count, 3, images.size, images.size]).fillNormal(
                generator: recipe.generator(12)
            ).to(device)
                .contiguous(.channelsLast)
            let labels = Tensor.zeros([count], dtype: .int64, device: device)
            let batch = Batch(
                images: pixels, targets: labels,
                indices: Tensor.arange(0..<count, device: device), views: views)
            self.batch = { batch }
            return
        }
        // Tensors, because too little memory for an operator is an error, and for an array of Swift's a crash.
        let bytes = Tensor.arange(0..<shape.reduce(1, *), device: device).to(.uint8)
        let dataset = recipe.dataset
        let loader = TrainingLoader(
            ImageSet(
                pixels: bytes.reshape(shape),
                labels: Tensor.zeros([count], dtype: .int64, device: device),
                classCount: images.classCount),
            normalization: dataset.normalization.normalization,
            augmentation: views > 1 ? dataset.augmentation : dataset.augmentation.withoutSecondView,
            batchSize: count, seed: UInt64(recipe.seed))
        let draws = loader.epoch(0)
        batch = { timed("data") { loader.batch(0, of: draws) } }
    }

    /// Batches of photographs as in training, epoch after epoch, whole ones alone.
    ///
    /// - Parameters:
    ///   - photographs: at least a batch of them.
    ///   - recipe: how they are prepared.
    ///   - processes: those that share each batch.
    /// - Throws: `OperatorError` where there is no memory for them.
    init(
        _ photographs: PhotographSource, of recipe: Recipe, over processes: any ProcessGroup
    ) throws {
        let source = try photographs.training(
            positions: nil,
            TrainingPreparation(
                normalization: recipe.dataset.normalization.normalization,
                augmentation: recipe.dataset.augmentation, batchSize: recipe.batchSize,
                seed: UInt64(recipe.seed), share: Share(of: processes)))
        let place = Place()
        advance = {
            if place.batch == source.epoch.imageCount / source.epoch.batchSize {
                place.epoch += 1
                place.batch = 0
            }
            if place.batch == 0 { try source.begin(epoch: place.epoch, at: 0) }
            place.count = try source.advance()
            place.batch += 1
        }
        batch = { timed("data") { source.batch(of: place.count) } }
    }

    /// Where photographs are read.
    private final class Place {
        var epoch = 0
        var batch = 0
        var count = 0
    }
}

import Distillation
import Torch
import TorchNN
import VisionData

/// One training step on tensors that stay where they are: batch, forward, backward, update.
///
/// What differs from step to step lies in tables on the device, written once an epoch: which images
/// and how they are cut, the learning rate, the weights of the loss's terms. A counter on the device
/// tells which rows are next, and the losses go into a table as well. So the work is the same each
/// time and asks the host for nothing: a card records it as a graph and replays it, the CPU does it
/// as it stands.
final class TrainingStep {
    let loader: TrainingLoader
    private let distiller: any Distiller<Tensor>
    let optimizer: SGD
    private let termCount: Int

    /// The epoch's images as the loader's table has them, int64 `[images, 4]`.
    private let images: Tensor

    /// Learning rate and weights of the terms by step, float32 `[steps, 1 + terms]`.
    private let settings: Tensor

    /// The terms, unweighted, and their total by step, float32 `[steps, terms + 1]`.
    private let losses: Tensor

    /// The place of the next step in the epoch, int64 `[1]`.
    private let counter: Tensor

    /// 1 as long as every loss was finite, else 0, float32 `[1]`.
    private let isSound: Tensor

    private let one: Tensor
    private var graphed: GraphedWork?
    private var unread = 0..<0
    private var names: [String] = []

    /// The sums of the epoch so far.
    var metrics: TrainingMetrics

    /// Prepares steps; nothing runs yet.
    ///
    /// - Parameters:
    ///   - loader: the images.
    ///   - distiller: the method around the student.
    ///   - optimizer: of the distiller's parameters.
    ///   - device: where all of them are.
    ///   - usesGraph: whether a card records the step as a graph.
    /// - Throws: `OperatorError` where there is no such card.
    init(
        loader: TrainingLoader, distiller: any Distiller<Tensor>, optimizer: SGD, device: Device,
        usesGraph: Bool
    ) throws {
        self.loader = loader
        self.distiller = distiller
        self.optimizer = optimizer
        termCount =
            distiller.termWeights(
                at: TrainingProgress(epoch: 0, step: 0, totalSteps: 1)
            ).count
        images = Tensor.zeros([loader.imageCount, 4], dtype: .int64, device: device)
        settings = Tensor.zeros([loader.batchCount, 1 + termCount], device: device)
        losses = Tensor.zeros([loader.batchCount, termCount + 1], device: device)
        counter = Tensor.zeros([1], dtype: .int64, device: device)
        one = Tensor.full([1], 1, dtype: .int64, device: device)
        isSound = Tensor.ones([1], device: device)
        metrics = TrainingMetrics(device: device)
        guard usesGraph, case .cuda = device else { return }
        graphed = try GraphedWork(on: device) { [unowned self] in
            work(imageCount: loader.batchSize)
        }
    }

    /// Writes an epoch's tables.
    ///
    /// - Parameters:
    ///   - epoch: the epoch's draws.
    ///   - step: the place of the next step in the epoch.
    ///   - schedule: the learning rate of each of the epoch's steps, and where the run then is.
    func begin(
        _ epoch: TrainingLoader.Epoch, at step: Int,
        schedule: [(rate: Double, progress: TrainingProgress)]
    ) {
        let rows = schedule.flatMap { [$0.rate] + distiller.termWeights(at: $0.progress) }
        withoutGrad {
            images.copy(from: loader.table(of: epoch))
            settings.copy(
                from: Tensor(rows.map(Float.init), shape: [schedule.count, 1 + termCount]))
            counter.copy(from: Tensor([Int64(step)]))
        }
        unread = step..<step
    }

    /// Runs, or on a card queues, the next step.
    ///
    /// - Throws: `OperatorError` where a card failed.
    func run() throws {
        let place = unread.upperBound
        let imageCount = min(loader.batchSize, loader.imageCount - place * loader.batchSize)
        if let graphed, imageCount == loader.batchSize {
            try graphed.run()
        } else {
            work(imageCount: imageCount)
        }
        unread = unread.lowerBound..<(place + 1)
    }

    /// Gives the graph's memory back; steps then run operator by operator.
    func forgetGraph() { graphed = nil }

    /// Waits for the steps since the last reading.
    ///
    /// - Returns: for each of them its terms, unweighted, and their weighted `total`.
    func readLosses() -> [[(name: String, value: Double)]] {
        let values = losses.narrow(0, unread).elements(as: Float.self).map(Double.init)
        unread = unread.upperBound..<unread.upperBound
        let names = names + ["total"]
        return stride(from: 0, to: values.count, by: names.count).map { start in
            names.enumerated().map { (name: $1, value: values[start + $0]) }
        }
    }

    /// Nothing in here may wait for the device or depend on the host but for the number of images.
    func work(imageCount: Int) {
        let (batch, row) = withoutGrad {
            let place = Tensor.arange(0..<imageCount, device: counter.device)
                .add(counter, scale: Double(loader.batchSize))
            let (images, labels, positions) = loader.batch(images.select(0, place))
            return (
                Batch(images: images, targets: labels, indices: positions),
                settings.select(0, counter).reshape([-1])
            )
        }
        let terms = distiller.losses(batch)
        let total = terms.total(weights: row.narrow(0, 1..<(1 + termCount)))
        total.backward()
        withoutGrad {
            let values = Tensor.stack(
                (terms.terms.map(\.value) + [total]).map { $0.detach().to(.float32) })
            isSound.copy(from: isSound * values.isFinite().all())
            optimizer.step(learningRate: row.narrow(0, 0..<1), skips: -isSound + 1)
            losses.replace(0, counter, with: values.unsqueeze(0))
            metrics.add(terms, total: total, targets: batch.targets)
            counter.add(one)
        }
        names = terms.terms.map(\.name)
    }
}

import Distillation
import Torch
import TorchNN
import VisionData

/// The steps of a run, whatever its batches are labelled with.
package protocol Steps: AnyObject {
    /// How many images and batches an epoch has.
    var epoch: EpochShape { get }

    /// The seconds for which steps had to wait for images so far.
    var waitedSeconds: Double { get }

    /// The threads that make batches ahead; nil where none does.
    var workers: Int? { get }

    /// The sums of the epoch so far.
    var metrics: TrainingMetrics { get set }

    /// The names of what is counted beside the losses; none before the first step.
    var measureNames: [String] { get }

    /// Makes an epoch ready.
    ///
    /// - Parameters:
    ///   - epoch: from 0.
    ///   - step: the place of the next step in the epoch.
    ///   - schedule: the learning rate of each of the epoch's steps, and where the run then is.
    /// - Throws: where images cannot be read.
    func begin(
        epoch: Int, at step: Int, schedule: [(rate: Double, progress: TrainingProgress)]
    ) throws

    /// Runs, or on a card queues, the next step.
    ///
    /// - Throws: `OperatorError` where a card failed, or where images cannot be read.
    func run() throws

    /// Waits for the steps since the last reading.
    ///
    /// - Returns: for each of them its terms, unweighted, and their weighted `total`.
    func readLosses() -> [[(name: String, value: Double)]]

    /// The largest number of images of which a step finds memory, after one that did not.
    ///
    /// - Returns: nil where not even a single one fits.
    /// - Throws: `OperatorError` where the device fails in another way.
    func largestFitting() throws -> Int?
}

/// One training step on tensors that stay where they are: batch, forward, backward, update.
///
/// What differs from step to step lies in tables on the device, written once an epoch: the learning rate
/// and the weights of the loss's terms. A counter on the device tells which row is next, and the losses go
/// into a table as well. So the work is the same each time and asks the host for nothing: a card records
/// it as a graph and replays it, the CPU does it as it stands.
package final class TrainingStep<Targets>: Steps {
    private let source: any BatchSource<Targets>
    private let distiller: any Distiller<Targets>
    private let optimizer: SGD
    private let average: WeightAverage?
    private let processes: any ProcessGroup
    private let share: Share
    private let statistics: SharedStatistics?
    private let termCount: Int

    /// Learning rate and weights of the terms by step, then the share of the newest weights where they are
    /// averaged, float32 `[steps, 1 + terms]` or one column more.
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

    /// The names of what is counted beside the losses; none before the first step.
    package private(set) var measureNames: [String] = []

    /// The sums of the epoch so far.
    package var metrics: TrainingMetrics

    /// Prepares steps; nothing runs yet.
    ///
    /// - Parameters:
    ///   - source: the batches.
    ///   - distiller: the method around the student.
    ///   - optimizer: of the distiller's parameters.
    ///   - average: of the student's weights, where they are averaged.
    ///   - processes: those that each take a share of every batch; the source gives this one's.
    ///   - statistics: of the batch norms, where the processes share them.
    ///   - device: where all of them are.
    ///   - usesGraph: whether a card records the step as a graph, where the batches allow it.
    /// - Throws: `OperatorError` where there is no such card.
    package init(
        source: any BatchSource<Targets>, distiller: any Distiller<Targets>, optimizer: SGD,
        average: WeightAverage? = nil, processes: any ProcessGroup = SingleProcess(),
        statistics: SharedStatistics? = nil, device: Device, usesGraph: Bool
    ) throws {
        self.source = source
        self.distiller = distiller
        self.optimizer = optimizer
        self.average = average
        self.processes = processes
        self.statistics = statistics
        share = Share(of: processes)
        termCount =
            distiller.termWeights(
                at: TrainingProgress(epoch: 0, step: 0, totalSteps: 1)
            ).count
        let epoch = source.epoch
        let columns = 1 + termCount + (average == nil ? 0 : 1)
        settings = Tensor.zeros([epoch.batchCount, columns], device: device)
        losses = Tensor.zeros([epoch.batchCount, termCount + 1], device: device)
        counter = Tensor.zeros([1], dtype: .int64, device: device)
        one = Tensor.full([1], 1, dtype: .int64, device: device)
        isSound = Tensor.ones([1], device: device)
        metrics = TrainingMetrics(device: device)
        guard usesGraph, epoch.isFixed, case .cuda = device else { return }
        graphed = try GraphedWork(on: device) { [unowned self] in
            work(imageCount: share.count(of: epoch.batchSize), of: epoch.batchSize)
        }
    }

    package var epoch: EpochShape { source.epoch }

    package var waitedSeconds: Double { source.waitedSeconds }

    package var workers: Int? { source.workers }

    package func begin(
        epoch: Int, at step: Int, schedule: [(rate: Double, progress: TrainingProgress)]
    ) throws {
        try source.begin(epoch: epoch, at: step)
        let rows = schedule.flatMap { rate, progress in
            [rate] + distiller.termWeights(at: progress)
                + (average.map { [$0.options.share(at: progress)] } ?? [])
        }
        withoutGrad {
            settings.copy(from: Tensor(rows.map(Float.init), shape: settings.shape))
            counter.copy(from: Tensor([Int64(step)]))
        }
        unread = step..<step
    }

    package func run() throws {
        let imageCount = try source.advance()
        let all = epoch.imageCount(ofBatch: unread.upperBound)
        if let graphed, all == epoch.batchSize {
            try graphed.run()
        } else {
            work(imageCount: imageCount, of: all)
        }
        unread = unread.lowerBound..<(unread.upperBound + 1)
    }

    package func readLosses() -> [[(name: String, value: Double)]] {
        let values = losses.narrow(0, unread).elements(as: Float.self).map(Double.init)
        unread = unread.upperBound..<unread.upperBound
        let names = names + ["total"]
        return stride(from: 0, to: values.count, by: names.count).map { start in
            names.enumerated().map { (name: $1, value: values[start + $0]) }
        }
    }

    /// Nothing in here may wait for the device or depend on the host but for the numbers of images.
    ///
    /// The losses are means over images. So the gradients of those of all processes together are the sums of each
    /// process's, weighted by its part of the images. The sums of the losses also tell every process whether all of
    /// them were finite, since a sum keeps what is not.
    ///
    /// - Parameters:
    ///   - imageCount: how many images this process sees.
    ///   - all: how many images the batch has.
    private func work(imageCount: Int, of all: Int) {
        let row = withoutGrad { settings.select(0, counter).reshape([-1]) }
        let part = Double(share.count(of: all)) / Double(all)
        statistics?.counts = part > 0
        defer { statistics?.counts = nil }
        let own = distiller.losses(source.batch(of: imageCount))
        let weights = row.narrow(0, 1..<(1 + termCount))
        func weighted(_ places: Range<Int>? = nil) -> Tensor {
            let total = own.total(weights: weights, of: places)
            return part == 1 ? total : total * part
        }
        let whole = weighted()
        let total = whole.detach()
        let moved = optimizer.parameters.map(\.tensor)
        var last = whole
        let first = distiller.firstTaughtTerm
        if optimizer.keepsTaughtApart, first < termCount {
            processes.sumGradients(of: moved, and: []) {
                weighted(first..<termCount).backward(keepingGraph: true)
            }
            optimizer.takeTaughtGradients()
            last = weighted(0..<first)
        }
        let terms = withoutGrad { own.part(part) }
        let counted = terms.terms.map(\.value) + terms.measures.map(\.value) + [total]
        processes.sumGradients(of: moved, and: counted + taskState(weighted: part)) {
            last.backward()
        }
        withoutGrad {
            let values = Tensor.stack(
                (terms.terms.map(\.value) + [total]).map { $0.detach().to(.float32) })
            isSound.copy(from: isSound * values.isFinite().all())
            optimizer.step(learningRate: row.narrow(0, 0..<1), skips: -isSound + 1)
            average?.update(share: row.narrow(0, (1 + termCount)..<(2 + termCount)))
            losses.replace(0, counter, with: values.unsqueeze(0))
            metrics.add(terms, total: total, count: all)
            counter.add(one)
        }
        names = own.terms.map(\.name)
        measureNames = own.measures.map(\.name)
    }

    /// What the task follows from step to step, weighted so that the sum over processes is the mean over images.
    private func taskState(weighted part: Double) -> [Tensor] {
        let state = distiller.task.runState().map(\.tensor)
        if part != 1 {
            withoutGrad { for tensor in state { _ = tensor.copy(from: tensor * part) } }
        }
        return state
    }

    /// For a run that has failed: it goes on with other batches, and what it then holds is of no use.
    package func largestFitting() throws -> Int? {
        graphed = nil
        return try largestPart(of: epoch.batchSize) { imageCount in
            optimizer.clearGradients()
            work(imageCount: imageCount, of: imageCount)
            _ = readLosses()
        }
    }
}

import Distillation
import Torch
import TorchNN
import Training
import VisionData

/// Training steps of one process on its share of a batch, with sums over all processes.
struct BenchmarkedTraining<Targets> {
    private let distiller: any Distiller<Targets>
    private let optimizer: SGD
    private let weights: [Double]
    private let processes: any ProcessGroup

    /// This process's part of the batch's images.
    private let part: Double

    /// The loss of the newest step.
    private let loss: Tensor

    /// Prepares steps.
    ///
    /// - Parameters:
    ///   - distiller: the networks and the method.
    ///   - options: of the optimizer.
    ///   - batchSize: images of all processes together.
    ///   - device: where the networks are.
    ///   - processes: those that share each batch.
    init(
        _ distiller: any Distiller<Targets>, _ options: SGD.Options, batchSize: Int,
        device: Device, over processes: any ProcessGroup
    ) {
        self.distiller = distiller
        self.processes = processes
        optimizer = SGD(distiller.trainableParameters, options: options)
        weights = distiller.termWeights(
            at: TrainingProgress(epoch: 0, step: 0, totalSteps: 1_000_000))
        part = Double(Share(of: processes).count(of: batchSize)) / Double(batchSize)
        loss = Tensor.zeros([], device: device)
    }

    /// Makes the gradients by a first backward pass, and counts them.
    ///
    /// - Parameter batch: for that pass.
    /// - Returns: the bytes that each process gives to a sum; nil, with nothing done, where there is one process.
    func reducedBytes(_ batch: Batch<Targets>) -> Int? {
        guard processes.size > 1 else { return nil }
        differentiate(batch)
        return optimizer.gradients.reduce(0) { $0 + $1.byteCount }
    }

    /// The sum of the gradients and nothing else.
    func sum() -> () throws -> Void {
        // Sums of sums would grow beyond all bounds.
        withoutGrad { for gradient in optimizer.gradients { _ = gradient.fillZero() } }
        return { processes.reduce(optimizer.gradients, by: .sum) }
    }

    /// A whole step that ends with its loss on the host, so that all its work is done.
    ///
    /// - Parameters:
    ///   - learningRate: of the update.
    ///   - card: the card that runs it as one graph; nil where none does.
    ///   - advance: what the host does for the next batch.
    ///   - nextBatch: this process's share of that batch.
    /// - Returns: the step.
    /// - Throws: where it cannot be recorded.
    func step(
        learningRate: Double, asGraphOn card: Device? = nil,
        advance: @escaping () throws -> Void = {},
        nextBatch: @escaping () -> Batch<Targets>
    ) throws -> () throws -> Void {
        let step = {
            differentiate(nextBatch())
            timed("optimizer") { optimizer.step(learningRate: learningRate) }
        }
        let graphed = try card.map { try GraphedWork(on: $0, step) }
        return {
            try advance()
            try graphed?.run() ?? step()
            _ = loss.item()
        }
    }

    private func differentiate(_ batch: Batch<Targets>) {
        let terms = distiller.losses(batch)
        func total(_ places: Range<Int>) -> Tensor {
            let own = terms.total(weights: weights, of: places)
            return part == 1 ? own : own * part
        }
        let all = 0..<weights.count
        let goesTwice = optimizer.keepsTaughtApart && processes.size == 1
        let first = goesTwice ? distiller.firstTaughtTerm : all.upperBound
        let whole = total(all)
        withoutGrad { _ = loss.copy(from: whole) }
        let backward = {
            timed("backward") {
                if goesTwice {
                    total(first..<all.upperBound).backward(keepingGraph: true)
                    optimizer.takeTaughtGradients()
                }
                (goesTwice ? total(0..<first) : whole).backward()
            }
        }
        guard processes.size > 1 else { return backward() }
        timed("reduction") {
            processes.sumGradients(of: optimizer.parameters.map(\.tensor), and: [loss], backward)
        }
    }
}

import Torch
import TorchNN
import VisionModels

/// A way to train a student, with or without a teacher.
public protocol Distiller<Targets>: AnyObject {
    /// What a batch is labelled with.
    associatedtype Targets

    /// The network that is being trained and that remains, and what it is trained for.
    var task: any LearningTask<Targets> { get }

    /// What the optimizer moves: the student's parameters and the method's own.
    var trainableParameters: [NamedTensor] { get }

    /// The networks and whatever else normalises a batch in a step.
    var modules: [any Module] { get }

    /// The names of the terms that remember single images from step to step.
    var termsWithMemory: [String] { get }

    /// The place of the first of the teacher's terms among those of `losses`; those before it are the labels'.
    var firstTaughtTerm: Int { get }

    /// The terms that want the teacher's class means before the first step.
    var classMeanTerms: [any ClassMeanTerm] { get }

    /// The forward pass of one training step, the same wherever the run is.
    ///
    /// - Parameter batch: the mini-batch.
    /// - Returns: the terms of the loss, unweighted, and what is counted beside them.
    func losses(_ batch: Batch<Targets>) -> LossTerms

    /// The weights of the terms of `losses`, in their order, as a pure function of progress.
    func termWeights(at progress: TrainingProgress) -> [Double]

    /// All that an exact continuation needs beside the optimizer's state.
    func stateDict() -> [NamedTensor]

    /// Takes over a saved state.
    ///
    /// - Throws: `StateDictError` where it is not exactly this distiller's.
    func load(stateDict: [NamedTensor]) throws(StateDictError)
}

extension Distiller {
    /// The network that is being trained and that remains.
    public var student: any Module { task.network }

    /// The student alone.
    public var modules: [any Module] { [student] }

    /// None.
    public var termsWithMemory: [String] { [] }

    /// None.
    public var classMeanTerms: [any ClassMeanTerm] { [] }

    /// Overwrites this distiller's state, strictly.
    public func load(stateDict: [NamedTensor]) throws(StateDictError) {
        try stateDict.copy(into: self.stateDict(), of: "\(type(of: self))")
    }
}

/// The terms of a loss, in order, each with its name; `Distiller.termWeights(at:)` has their weights.
public struct LossTerms {
    /// One term.
    public struct Term {
        /// The name in logs and records.
        public let name: String

        /// The unweighted value, a scalar.
        public let value: Tensor
    }

    /// The terms in the order in which they were added.
    public private(set) var terms: [Term] = []

    /// What is counted beside the losses, each as its sum over the images.
    public let measures: [(name: String, value: Tensor)]

    /// Starts without terms.
    public init(measures: [(name: String, value: Tensor)] = []) {
        self.measures = measures
    }

    /// Adds a term.
    public mutating func add(_ name: String, _ value: Tensor) {
        terms.append(Term(name: name, value: value))
    }

    /// One process's part of the means over the images of several processes, without gradients.
    ///
    /// - Parameter share: how many of all images are this process's, from 0 to 1.
    /// - Returns: summands of the means; with a share of 1 the terms themselves.
    public func part(_ share: Double) -> LossTerms {
        guard share != 1 else { return self }
        return withoutGrad {
            // What counts nothing is not counted either.
            var part = LossTerms(
                measures: measures.map { ($0.name, share == 0 ? $0.value * 0 : $0.value) })
            for term in terms { part.add(term.name, term.value.detach().full * share) }
            return part
        }
    }

    /// The weighted sum.
    ///
    /// - Parameters:
    ///   - weights: one for each term, in their order.
    ///   - places: of the terms that are added up; all where nothing is given.
    /// - Returns: a scalar to go backward from.
    /// - Precondition: there is at least one term, and there are as many weights.
    public func total(weights: [Double], of places: Range<Int>? = nil) -> Tensor {
        precondition(weights.count == terms.count, "LossTerms: not one weight for each term")
        return sum(
            (places ?? terms.indices).map { index in
                weights[index] == 1 ? terms[index].value : terms[index].value * weights[index]
            })
    }

    /// The weighted sum, with weights that lie on the device.
    ///
    /// - Parameters:
    ///   - weights: float32 `[terms]`.
    ///   - places: of the terms that are added up; all where nothing is given.
    /// - Returns: a scalar to go backward from.
    /// - Precondition: there is at least one term, and there are at least as many weights.
    public func total(weights: Tensor, of places: Range<Int>? = nil) -> Tensor {
        sum(
            (places ?? terms.indices).map { index in
                terms[index].value * weights.narrow(0, index..<(index + 1)).reshape([])
            })
    }

    private func sum(_ weighted: [Tensor]) -> Tensor {
        precondition(!weighted.isEmpty, "LossTerms: a total of no terms")
        return weighted.dropFirst().reduce(weighted[0], +)
    }
}

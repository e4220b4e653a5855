import Basics
import Crypto
import Distillation
import Foundation
import NetworkFiles
import Recipes
import TensorFiles
import Torch
import TorchNN
import VisionData

extension ProcessGroup {
    /// Makes sure that all processes are about to do the same.
    ///
    /// - Parameter facts: what has to be the same everywhere, each with a name for the error.
    /// - Throws: `TrainingError.unlikeProcesses`, or where another process failed.
    package func requireSame(_ facts: [(what: String, text: String)]) throws {
        guard size > 1 else { return }
        let own = facts.map { SHA256.hash(data: Data($0.text.utf8)).hexadecimal }
        let all = try gather(Array(own.joined(separator: " ").utf8)).map {
            String(decoding: $0, as: UTF8.self).split(separator: " ").map(String.init)
        }
        for (index, fact) in facts.enumerated() {
            let ranks = all.indices.filter {
                !all[$0].indices.contains(index) || all[$0][index] != all[0][index]
            }
            guard ranks.isEmpty else {
                throw TrainingError.unlikeProcesses(what: fact.what, ranks: ranks)
            }
        }
    }

    /// Gives a network of each process the weights that the first one's has.
    ///
    /// - Parameter network: the same model in every process.
    /// - Throws: where another process failed.
    package func handOut(_ network: any Module) throws {
        guard size > 1 else { return }
        guard rank > 0 else {
            let file = try Safetensors.encode(entries: network.stateDict().map(\.entry))
            _ = try broadcast(bytes: [UInt8](file), from: 0)
            return
        }
        let file = try Safetensors.decode(Data(broadcast(bytes: [], from: 0)))
        try network.load(stateDict: file.entries.map(NamedTensor.init))
    }

    /// Whether the processes can do other work together after a run's failure, as a process by itself always can.
    ///
    /// A failure that one process alone has leaves the others in the middle of a step.
    ///
    /// - Parameter error: what a run failed with.
    /// - Returns: whether it is one that all of them have at the same place.
    package func areTogether(after error: any Error) -> Bool {
        guard size > 1 else { return true }
        switch error as? TrainingError {
        // These are about numbers that all have in common.
        case .notFinite, .notFiniteAtStart, .notFiniteJudged, .brokenState: return true
        default: return false
        }
    }
}

extension Recipe {
    /// Refuses a batch that has fewer images than there are processes.
    ///
    /// - Throws: `TrainingError.smallBatch`.
    package func requireImages(for processes: any ProcessGroup) throws(TrainingError) {
        guard processes.size <= batchSize else {
            throw .smallBatch(size: batchSize, processes: processes.size)
        }
    }

    /// Refuses a group of processes among which the images cannot be divided.
    ///
    /// - Throws: `TrainingError.smallBatch`, or `.oneProcess` where the method remembers single images.
    package func requireShares(
        of processes: any ProcessGroup, _ distiller: any Distiller
    ) throws(TrainingError) {
        try requireImages(for: processes)
        let size = processes.size
        guard size == 1 || distiller.termsWithMemory.isEmpty else {
            let names = distiller.termsWithMemory.joined(separator: "+")
            throw .oneProcess(what: "\(names), which remembers every image,", processes: size)
        }
    }
}

extension Recipe {
    /// Lets batch norms take the statistics of all processes, where the recipe wants it.
    ///
    /// - Parameters:
    ///   - distiller: the networks.
    ///   - processes: those that train together.
    /// - Returns: nil where each process keeps its own.
    package func sharedStatistics(
        of distiller: some Distiller, over processes: any ProcessGroup
    ) -> SharedStatistics? {
        guard distributed.batchNorm == .synchronized, processes.size > 1 else { return nil }
        let statistics = SharedStatistics(over: processes)
        distiller.modules.forEach { $0.share(statistics) }
        return statistics
    }
}

extension TrainingData {
    /// A digest of the numbers of images and of all their classes.
    var digest: String {
        var hash = SHA256()
        for images in [train, test] {
            hash.update(data: Data("\(images.count) \(images.imageSize) ".utf8))
            hash.update(data: Data(images.classes().map { "\($0)" }.joined(separator: " ").utf8))
            for name in images.classNames ?? [] { hash.update(data: Data("\n\(name)".utf8)) }
        }
        return hash.finalize().hexadecimal
    }
}

extension Trainer {
    var processes: any ProcessGroup { options.processes }

    /// Makes sure that all processes are about to train the same.
    ///
    /// The sums over processes add numbers by their places in memory, so that unlike tensors would give wrong numbers
    /// and no error.
    ///
    /// - Throws: `TrainingError.unlikeProcesses`, or where another process failed.
    func requireSameEverywhere() throws {
        guard processes.size > 1 else { return }
        let tensors =
            (parts.distiller.stateDict() + parts.optimizer.stateDict()
            + (parts.average?.module.stateDict() ?? [])).map {
                "\($0.name) \($0.tensor.dtype) \($0.tensor.shape) \($0.tensor.strides)"
            }
        try processes.requireSame([
            ("the version of the program", "\(options.revision ?? "") \(Runtime.version)"),
            ("the recipe", recipe.yaml), ("the images", parts.imagesDigest),
            ("the networks' tensors", tensors.joined(separator: "\n")),
            ("the teacher's file", options.teacherDigest ?? ""),
            ("the student's first weights", options.studentWeightsDigest ?? ""),
            (
                "where they stop, save and compute",
                "\(options.maxSteps ?? 0) \(options.checkpointEvery ?? 0) \(options.device == .cpu)"
            ),
        ])
    }

    /// Gives every process the state that the first one has: a new one, or that of its checkpoint.
    ///
    /// - Throws: where another process failed.
    func takeOverState() throws {
        guard processes.size > 1 else { return }
        let isFirst = processes.rank == 0
        let own = isFirst ? [UInt8](try checkpoint().encoded()) : []
        let bytes = try processes.broadcast(bytes: own, from: 0)
        guard !isFirst else { return }
        try resume(try Checkpoint(encoded: Data(bytes), from: "the state of rank 0"))
        savedStep = state.step > 0 ? state.step : nil
    }

    /// Gives every process the running statistics of the first one, which has those that are saved.
    ///
    /// - Throws: where another process failed.
    func takeOverStatistics() throws {
        let student = parts.student
        let trained = Set(student.parameters().map(\.name))
        let running = student.stateDict().filter { !trained.contains($0.name) }
        let averaged = parts.average?.module.stateDict() ?? []
        try collectingOperatorErrors {
            processes.broadcast((running + averaged).map(\.tensor), from: 0)
        }
    }
}

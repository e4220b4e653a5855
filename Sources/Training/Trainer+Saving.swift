import Distillation
import NetworkFiles
import Recipes
import RunRecords
import Torch
import TorchNN

extension Trainer {
    func saveAll() throws {
        let checkpoint = try soundCheckpoint()
        guard let folder else { return noteSaving() }
        try folder.write(parts.student.stateDict(), parts.card, to: folder.lastWeights)
        if let average = parts.average {
            try folder.write(average.module.stateDict(), parts.card, to: folder.averagedWeights)
        }
        try folder.write(history)
        try folder.save(checkpoint)
        savedStep = state.step
    }

    func saveCheckpoint() throws {
        let checkpoint = try soundCheckpoint()
        guard let folder else { return noteSaving() }
        try folder.save(checkpoint)
        savedStep = state.step
    }

    /// The first process has saved, where there are others.
    private func noteSaving() {
        if processes.rank > 0 { savedStep = state.step }
    }

    /// A checkpoint of broken numbers would replace the last good one; all processes refuse it together.
    func soundCheckpoint() throws -> Checkpoint {
        let checkpoint = checkpoint()
        let tensors = checkpoint.tensors
        let first = try -processes.greatest(of: -(tensors.firstNotFinite ?? tensors.count))
        guard first == tensors.count else {
            throw TrainingError.brokenState(
                tensor: tensors[first].name, step: state.step, lastGoodStep: savedStep)
        }
        return checkpoint
    }

    func checkpoint() -> Checkpoint {
        Checkpoint(
            state: state,
            tensors: parts.distiller.stateDict().map { $0.prefixed("method") }
                + parts.optimizer.stateDict().map { $0.prefixed("optimizer") }
                + (parts.average?.module.stateDict() ?? []).map { $0.prefixed("average") }
                + parts.steps.metrics.stateDict().map { $0.prefixed("metrics") })
    }

    func resume(_ saved: Checkpoint) throws {
        // Files of earlier versions have the teacher alone, in the records of their epochs.
        let earlier =
            saved.state.inputs
            ?? RunInputs(
                teacher: saved.state.history.last?.teacher ?? inputs.teacher,
                studentWeights: inputs.studentWeights)
        // A memory of all images does not fit others, which is not a matter of networks.
        try inputs.requireSameImages(as: earlier)
        do throws(StateDictError) {
            try parts.distiller.load(stateDict: saved.tensors.entries(below: "method"))
            try parts.optimizer.load(stateDict: saved.tensors.entries(below: "optimizer"))
            try parts.average?.module.load(stateDict: saved.tensors.entries(below: "average"))
        } catch {
            var error = error
            error.remedy =
                "move the checkpoint away to start the run over, or restore the right one"
            throw CheckpointError.unfit(run: options.output ?? "this run", reason: "\(error)")
        }
        try inputs.requireSame(as: earlier)
        parts.steps.metrics = TrainingMetrics(
            stateDict: saved.tensors.entries(below: "metrics"), device: options.device)
        state = saved.state
        state.inputs = inputs
        if let former = saved.state.kernels, let kernels, former != kernels {
            report(.remark(OtherKernelsRemark(former: former, now: kernels)))
        }
        state.kernels = kernels
        savedStep = state.step
        try folder?.write(history)
    }

    /// Says at which step a run goes on that was to be resumed.
    func tellWhereItBegins(resumed: Bool, in folder: RunFolder) {
        if resumed {
            report(.remark("resumed at step \(state.step), epoch \(state.epoch + 1)"))
        } else if options.expectsRun {
            report(
                .remark(
                    "nothing to resume in \(folder.path): the run begins at its first step"))
        }
    }

    /// Takes up weights and history of a run that ended, where the folder has one without checkpoints: a
    /// study removes those of its finished cells.
    func takeUpFinishedRun(in folder: RunFolder) throws {
        guard
            let history = try RunFolder.finishedHistory(
                in: folder.path, of: recipe, with: inputs)
        else { return }
        try parts.student.load(weights: folder.lastWeights, named: recipe.student.model)
        state.history = history
        state.step = history.last?.step ?? 0
        state.epoch = recipe.epochs
    }
}

extension Trainer {
    /// Whose kernels this process computes with; nil on a card.
    var kernels: Kernels? {
        guard options.device == .cpu else { return nil }
        return Kernels(
            convolution: Processor.current.convolution.rawValue, libtorch: Runtime.cpuCapability)
    }
}

/// That a run goes on with other kernels than it was begun with.
private struct OtherKernelsRemark: Sendable, CustomStringConvertible {
    let former: Kernels
    let now: Kernels

    /// What was found, and what it means.
    var description: String {
        "the run was begun with other kernels (\(former)) than this processor has (\(now)). It goes on, but not "
            + "bit for bit as it would have there."
    }
}

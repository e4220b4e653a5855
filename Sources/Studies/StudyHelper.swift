import Basics
import Distillation
import Foundation
import Recipes
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// Takes part in a study that the first of several processes plans, which alone has the folder.
///
/// It does what it is asked: the same runs at the same time, each process with its share of the images. It needs the
/// images, but neither the study's folder nor the files of teachers.
public struct StudyHelper {
    private let cells: [Cell]
    private let settings: StudySettings

    /// Prepares to help.
    ///
    /// - Parameters:
    ///   - cells: those of the study, as the first process has them.
    ///   - settings: those of the study; folders other than that of the images are of no matter.
    public init(_ cells: [Cell], settings: StudySettings) {
        self.cells = cells
        self.settings = settings
    }

    /// Does what the first process asks until it ends the study.
    ///
    /// - Returns: how it ended.
    /// - Throws: `TrainingError.unlikeProcesses` where the studies are different ones; where images cannot be
    ///   opened, or another process failed.
    public func work() throws -> StudyOutcome {
        try settings.requireSameEverywhere(cells)
        var opened: TrainingData?
        func data() throws -> TrainingData {
            guard let opened else {
                preconditionFailure("StudyHelper: asked for work before the images")
            }
            return opened
        }
        while true {
            switch try settings.processes.takeOrder() {
            case .wait: continue
            case .open:
                guard let dataset = cells.first?.recipe.dataset.images else { continue }
                opened = try settings.images(of: dataset) { _ in }
            case .judge(let digest):
                let cell = try cell(digest)
                guard let teacher = cell.recipe.teacher else { continue }
                let network = try network(for: cell, data())
                _ = try settings.judge(network, as: teacher, data())
            case .train(let digests, let teacher):
                try train(digests.map(cell), taughtBy: teacher, data())
            case .end(let signal):
                return signal == 0 ? .finished : .interrupted(signal: signal)
            }
        }
    }

    /// The cell with a recipe, which may also train a teacher that is missing.
    private func cell(_ digest: String) throws -> Cell {
        if let own = cells.first(where: { $0.recipe.digest == digest }) { return own }
        let teachers = try cells.teachers.map { try settings.trainingCell(of: $0) }
        guard let found = teachers.first(where: { $0.recipe.digest == digest }) else {
            throw TrainingError.unlikeProcesses(
                what: "the training of a teacher", ranks: [settings.processes.rank])
        }
        return found
    }

    private func train(
        _ cells: [Cell], taughtBy teacher: StudyOrder.Teacher?, _ data: TrainingData
    ) throws {
        let taught = try cells.first.flatMap { first in
            try teacher.map { _ in
                let network = try network(for: first, data)
                try settings.processes.handOut(network)
                return network
            }
        }
        let group = CellGroup(settings, data, count: cells.count)
        let trainers = try cells.map { cell in
            try group.trainer(for: cell, in: nil, taughtBy: teacher, { taught }) { _ in }
        }
        // How each ended is for the first process to record.
        _ = try trainTogether(trainers, on: settings.device)
    }

    /// The network of a cell's teacher, for weights that are to come.
    private func network(for cell: Cell, _ data: TrainingData) throws -> any Backbone {
        guard let model = cell.teacher else {
            preconditionFailure("StudyHelper: asked for the teacher of a cell without one")
        }
        let network = model.make(
            classCount: data.train.classCount, generator: Generator(seed: 0))
        network.convert(device: settings.device, format: .channelsLast)
        network.eval()
        return network
    }
}

extension StudySettings {
    /// Makes sure that all processes are about to do the same study.
    ///
    /// - Parameter cells: those of the study.
    /// - Throws: `TrainingError.unlikeProcesses`, or where another process failed.
    func requireSameEverywhere(_ cells: [Cell]) throws {
        let runs = cells.map { "\($0.key) \($0.recipe.digest)" }
        try processes.requireSame([
            ("the version of the program", "\(revision) \(Runtime.version)"),
            ("the cells of the study", runs.joined(separator: "\n")),
        ])
    }

    /// Opens the images, which each process does for itself.
    ///
    /// - Parameters:
    ///   - dataset: whose images.
    ///   - remark: called with what a reader of the results should know.
    /// - Returns: the images.
    /// - Throws: what opening them throws.
    func images(of dataset: Dataset, remark: @escaping (String) -> Void) throws -> TrainingData {
        try TrainingData(
            dataset, from: data, device: device,
            reading: PhotographReading().divided(among: processes.localSize), remark: remark)
    }

    /// Judges a teacher on the test images, of which each process takes its share.
    ///
    /// - Parameters:
    ///   - network: the teacher's; in all processes but the first one without its weights.
    ///   - teacher: how it is shown images.
    ///   - data: the images.
    /// - Returns: its scores, the same in every process.
    /// - Throws: what evaluating throws, or where another process failed.
    func judge(
        _ network: any Backbone, as teacher: TeacherSettings, _ data: TrainingData
    ) throws -> Scores {
        try processes.handOut(network)
        let all = (0..<Int64(data.test.count)).map { $0 }
        let images = data.test.evaluation(
            positions: Share(of: processes).evaluation(of: all, batchSize: 1000),
            normalization: teacher.normalization.normalization, batchSize: 1000)
        return try evaluate(network, on: images, dtype: precision.dtype, over: processes)
    }
}

import Basics
import Distillation
import Foundation
import NetworkFiles
import Recipes
import RunRecords
import Torch
import TorchNN
import Training
import VisionData
import VisionModels

/// A teacher's weights in a file.
struct TeacherFile: Sendable {
    /// The network.
    let model: Architecture

    /// The file.
    let path: String

    /// The SHA-256 of the file.
    let digest: String

    /// Its test accuracy, in percent.
    let top1: Double
}

/// The teachers of a study: looked for in the user's folder, then among the study's own runs.
struct TeacherShelf {
    /// What has been found, read through and judged.
    private(set) var files: [Architecture: TeacherFile] = [:]

    private let study: Study
    private let data: TrainingData

    init(_ study: Study, data: TrainingData) {
        self.study = study
        self.data = data
    }

    /// Finds and judges the teachers of cells, those that lack aside.
    ///
    /// - Throws: where a file is another model's or damaged; `StudyError.otherTeacher` where results
    ///   of the study were made with another file.
    mutating func fill(for cells: [Cell]) throws {
        for cell in cells {
            guard let model = cell.teacher, let settings = cell.recipe.teacher,
                files[model] == nil, let path = try study.teacherPath(of: model)
            else { continue }
            let file = try judge(model, path, settings, of: cell)
            try study.requireNoOtherTeacher(than: file)
            files[model] = file
        }
    }

    private func judge(
        _ model: Architecture, _ path: String, _ settings: TeacherSettings, of cell: Cell
    ) throws -> TeacherFile {
        let digest = try sha256(ofFile: path)
        let network = try study.openTeacher(
            model, path, classCount: data.test.classCount, device: study.settings.device)
        // An accuracy holds for the normalisation and precision that a cell's recipe has.
        let same = study.cells.filter { $0.recipe.teacher == settings }.map(\.recipe.digest)
        let earlier = study.results.first { $0.teacher == digest && same.contains($0.recipe) }
        if let top1 = earlier?.teacherTop1 {
            return TeacherFile(model: model, path: path, digest: digest, top1: top1)
        }
        try study.settings.processes.give(.judge(cell: cell.recipe.digest))
        let result = try study.settings.judge(network, as: settings, data)
        guard let top1 = result["top1"], result["loss"]?.isFinite == true else {
            throw TrainingError.teacherNotFinite(model: model.name, images: result.count)
        }
        let check = TeacherCheck(
            model: model, top1: top1, images: "\(result.count) images of the test set",
            classCount: data.test.classCount, dataset: cell.recipe.dataset.images)
        study.report(check.warning.map { .warning($0) } ?? .remark(check.report))
        return TeacherFile(model: model, path: path, digest: digest, top1: top1)
    }
}

extension Study {
    /// The cells that train the teachers of cells which are not there yet, in the order of the cells.
    ///
    /// - Throws: `StudyError.lostTeacher` where results with such a teacher are there.
    func missingTeachers(for cells: [Cell]) throws -> [Cell] {
        try cells.teachers.filter { try teacherPath(of: $0) == nil }.map { model in
            if let result = taught(by: model).first {
                throw StudyError.lostTeacher(
                    cell: "\(result.key)", path: settings.resultsPath, model: model.name,
                    digest: result.teacher ?? "")
            }
            return try settings.trainingCell(of: model)
        }
    }

    /// Refuses cells that show a teacher which is trained here other images than those it was trained
    /// with.
    ///
    /// - Throws: `StudyError.otherNormalization`.
    func requireNormalizations(of cells: [Cell]) throws {
        for cell in cells {
            guard let model = cell.teacher, let taught = cell.recipe.teacher?.normalization,
                try givenTeacher(model) == nil
            else { continue }
            let trained = try settings.trainingCell(of: model).recipe.dataset.normalization
            guard taught != trained else { continue }
            throw StudyError.otherNormalization(model: model.name, teachers: settings.teachers)
        }
    }

    /// Refuses to put cells of two different teachers into one table.
    ///
    /// - Throws: `StudyError.otherTeacher` where a result was made with another file than now.
    fileprivate func requireNoOtherTeacher(than file: TeacherFile) throws {
        for result in taught(by: file.model) where result.teacher != file.digest {
            throw StudyError.otherTeacher(
                cell: "\(result.key)", path: settings.resultsPath, file: file.path,
                expected: result.teacher ?? "", found: file.digest)
        }
    }

    /// The results under a teacher for the pairs and schedules of this study.
    private func taught(by model: Architecture) -> [CellResult] {
        let own = cells.filter { $0.teacher == model }
        return results.filter { result in
            result.teacher != nil
                && own.contains {
                    $0.key.pair == result.pair && $0.key.schedule == result.schedule
                }
        }
    }

    /// Where a teacher's weights lie: in the user's folder, else in the run that trained it here; nil
    /// where there are none yet.
    fileprivate func teacherPath(of model: Architecture) throws -> String? {
        if let given = try givenTeacher(model) { return given }
        let cell = try settings.trainingCell(of: model)
        // A line alone proves little: it may be another machine's, and the run here half done.
        let finished = try RunFolder.finishedHistory(
            in: folder(of: cell), of: cell.recipe, with: RunInputs())
        guard try result(of: cell) != nil, finished != nil else { return nil }
        return folder(of: cell) + "/" + lastWeightsName
    }

    /// The file in the user's folder, where one is there.
    private func givenTeacher(_ model: Architecture) throws(StudyError) -> String? {
        guard let teachers = settings.teachers else { return nil }
        return try finder(in: teachers).file(of: model)
    }

    /// Opens the file of every teacher that the user gives, and says which one is whose.
    ///
    /// - Throws: where a file is another model's or damaged.
    func openTeachers(for cells: [Cell], classCount: Int) throws {
        for model in cells.teachers {
            guard let path = try givenTeacher(model) else { continue }
            _ = try openTeacher(model, path, classCount: classCount, device: .cpu)
        }
    }

    /// Reads a teacher's weights, and says whose they are and what was taken of the file.
    fileprivate func openTeacher(
        _ model: Architecture, _ path: String, classCount: Int, device: Device
    ) throws -> any Backbone {
        report(.remark("\(model.name)'s weights are those of \(path)"))
        return try loadNetwork(
            model.name, weights: path, key: settings.weightsKey, classCount: classCount,
            device: device, remark: { report(.remark($0)) })
    }
}

extension StudySettings {
    /// The cell that trains a teacher.
    func trainingCell(of model: Architecture) throws -> Cell {
        try Cell.teacher(model, schedule: schedule, precision: precision)
    }
}

extension [Cell] {
    /// The models of all teachers, each once, in the order of the cells.
    var teachers: [Architecture] {
        var seen: Set<Architecture> = []
        return compactMap(\.teacher).filter { seen.insert($0).inserted }
    }
}

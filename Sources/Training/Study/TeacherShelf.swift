import Distillation
import Foundation
import Torch
import VisionData
import VisionModels

/// A teacher's weights in a file.
struct TeacherFile: Sendable {
    /// The network.
    let model: CIFARModel

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
    private(set) var files: [CIFARModel: TeacherFile] = [:]

    private let study: Study
    private let data: TrainingData

    init(_ study: Study, data: TrainingData) {
        self.study = study
        self.data = data
    }

    /// Finds and judges the teachers of cells, those that lack aside.
    ///
    /// - Throws: where a file is another model's or damaged.
    mutating func fill(for cells: [Cell]) throws {
        for cell in cells {
            guard let model = cell.teacher, let settings = cell.recipe.teacher,
                files[model] == nil, let path = try study.teacherPath(of: model)
            else { continue }
            files[model] = try judge(model, path, settings)
        }
    }

    /// Refuses to put cells of two different teachers into one table.
    ///
    /// - Throws: `StudyError.otherTeacher` where a result was made with another file than now.
    func requireSame(as result: CellResult, in output: String) throws {
        let file = files.values.first { result.pair.hasPrefix($0.model.rawValue + "-") }
        guard let file, let former = result.teacher, former != file.digest else { return }
        throw StudyError.otherTeacher(
            cell: "\(result.key)", path: output + "/results.jsonl", file: file.path,
            expected: former, found: file.digest)
    }

    private func judge(
        _ model: CIFARModel, _ path: String, _ settings: TeacherSettings
    ) throws -> TeacherFile {
        let digest = try sha256(ofFile: path)
        let device = study.settings.device
        let network = try loadNetwork(
            model.rawValue, weights: path, classCount: data.test.classCount, device: device)
        let earlier = study.results.first { $0.teacher == digest && $0.teacherTop1 != nil }
        if let top1 = earlier?.teacherTop1 {
            return TeacherFile(model: model, path: path, digest: digest, top1: top1)
        }
        let images = EvaluationLoader(
            data.test, normalization: settings.normalization.normalization, batchSize: 1000)
        let result = evaluate(
            network, on: images,
            dtype: study.settings.precision == .bfloat16 ? .bfloat16 : .float32)
        return TeacherFile(model: model, path: path, digest: digest, top1: result.top1)
    }
}

extension Study {
    /// The cells that train the teachers of cells which are not there yet, in the order of the cells.
    func missingTeachers(for cells: [Cell]) throws -> [Cell] {
        var seen: Set<CIFARModel> = []
        return try cells.compactMap(\.teacher).filter { seen.insert($0).inserted }
            .filter { try teacherPath(of: $0) == nil }.map(trainingCell)
    }

    /// Where a teacher's weights lie: `TEACHERS/MODEL.safetensors`, `.pt` or `.pth`, else in the run
    /// that trained it here; nil where there are none yet.
    fileprivate func teacherPath(of model: CIFARModel) throws -> String? {
        let files = FileManager.default
        let given = settings.teachers.map { directory in
            ["safetensors", "pt", "pth"].map { "\(directory)/\(model.rawValue).\($0)" }
        }
        if let found = given?.first(where: files.fileExists) { return found }
        let cell = try trainingCell(of: model)
        let trained = folder(of: cell) + "/student-last.safetensors"
        return isDone(cell) && files.fileExists(atPath: trained) ? trained : nil
    }

    private func trainingCell(of model: CIFARModel) throws -> Cell {
        try Cell.teacher(model, schedule: settings.schedule, precision: settings.precision)
    }
}

import Foundation
import Recipes
import VisionData
import VisionModels

/// Finds the weights of teachers in a folder, also under the names that other toolkits give them.
struct TeacherFinder {
    /// What a file of weights may be called after its last dot, the preferred first.
    static let extensions = ["safetensors", "pt", "pth", "th", "tar", "bin", "ckpt"]

    private let folder: String
    private let dataset: Dataset

    /// Looks into a folder for teachers of a data set.
    init(folder: String, dataset: Dataset) {
        self.folder = folder
        self.dataset = dataset
    }

    /// The file of a model's weights.
    ///
    /// `MODEL.safetensors`, `.pt` and so on come first, then the same in another letter case, then a file
    /// or folder with the name among others (`cifar100_resnet56-f2eff4c8.pt`,
    /// `resnet8_vanilla/ckpt_epoch_240.pth`). In a folder the last epoch is preferred to the best.
    /// A name that names the data set is preferred, and one that names another data set is never taken.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `StudyError.severalTeachers` where several files are equally likely.
    func file(of model: Architecture) throws(StudyError) -> String? {
        let exact = Self.extensions.map { "\(model.name).\($0)" }.first {
            Self.isFile("\(folder)/\($0)")
        }
        if let exact { return "\(folder)/\(exact)" }
        let names = Self.names(in: folder)
        let same = names.filter { TeacherName(Self.stem($0)).isName(of: model) }
        if let found = try choose(same, of: model) { return found }
        let holding = names.filter { TeacherName(Self.stem($0)).model == model }
        let own = holding.filter { TeacherName($0).datasets.contains(dataset.name) }
        if let found = try choose(own, of: model) { return found }
        return try choose(holding.filter { TeacherName($0).datasets.isEmpty }, of: model)
    }

    /// The folders inside that have weights of one of some models, one or two levels down.
    func subfolders(with models: [Architecture]) -> [String] {
        func inside(_ folder: String) -> [String] {
            Self.names(in: folder).filter { TeacherName($0).allows(dataset) }
                .map { "\(folder)/\($0)" }.filter { !Self.isFile($0) }
        }
        func holds(_ folder: String) -> Bool {
            let finder = TeacherFinder(folder: folder, dataset: dataset)
            return models.contains { model in
                do {
                    return try finder.file(of: model) != nil
                } catch {
                    return true  // Several files are there.
                }
            }
        }
        let first = inside(folder)
        let found = first.filter(holds)
        return found.isEmpty ? first.flatMap(inside).filter(holds) : found
    }

    /// What lies in the folder, folders with a slash.
    var contents: [String] {
        Self.names(in: folder).map { $0 + (Self.isFile("\(folder)/\($0)") ? "" : "/") }
    }

    /// The file among names of files and folders; nil where none of them is or has one.
    private func choose(
        _ names: [String], of model: Architecture
    ) throws(StudyError) -> String? {
        var files: [String] = []
        for name in names {
            let path = "\(folder)/\(name)"
            if Self.isFile(path) {
                if Self.isOfWeights(name) { files.append(path) }
            } else if let inside = try newest(in: path, of: model) {
                files.append(inside)
            }
        }
        return try single(files, of: model)
    }

    /// The weights of the last epoch in a run's folder; the best ones where there are no others.
    private func newest(
        in folder: String, of model: Architecture
    ) throws(StudyError) -> String? {
        let names = Self.names(in: folder).filter {
            Self.isOfWeights($0) && Self.isFile("\(folder)/\($0)")
                && TeacherName($0).allows(dataset)
        }
        let numbered = names.compactMap { name in
            Self.epoch(in: Self.stem(name)).map { (name: name, epoch: $0) }
        }
        if let last = numbered.max(by: { $0.epoch < $1.epoch })?.name { return "\(folder)/\(last)" }
        for word in ["last", "latest", "final", "best"] {
            let found = names.filter { Self.stem($0).lowercased().contains(word) }
            if !found.isEmpty { return try single(found.map { "\(folder)/\($0)" }, of: model) }
        }
        return try single(names.map { "\(folder)/\($0)" }, of: model)
    }

    private func single(
        _ files: [String], of model: Architecture
    ) throws(StudyError) -> String? {
        guard files.count < 2 else {
            throw .severalTeachers(model: model.name, files: files.sorted())
        }
        return files.first
    }

    /// The epoch at the end of a name, as in `ckpt_epoch_240`.
    private static func epoch(in stem: String) -> Int? {
        guard stem.lowercased().contains("epoch") else { return nil }
        return Int(stem.reversed().prefix { $0.isNumber }.reversed().map(String.init).joined())
    }

    private static func names(in folder: String) -> [String] {
        // A folder that cannot be read has no teachers; the plan then says which are missing.
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue
    }

    private static func isOfWeights(_ name: String) -> Bool {
        extensions.contains((name as NSString).pathExtension.lowercased())
    }

    /// A name without the extension of a file of weights, `.pth.tar` included.
    private static func stem(_ name: String) -> String {
        var name = name
        while isOfWeights(name) { name = (name as NSString).deletingPathExtension }
        return name
    }
}

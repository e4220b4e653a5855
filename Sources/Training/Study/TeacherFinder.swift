import Foundation
import VisionModels

/// Finds the weights of teachers in a folder, also under the names that other toolkits give them.
struct TeacherFinder {
    /// What a file of weights may be called after its last dot, the preferred first.
    static let extensions = ["safetensors", "pt", "pth", "th", "tar", "bin", "ckpt"]

    private let folder: String

    /// Looks into a folder.
    init(folder: String) { self.folder = folder }

    /// The file of a model's weights.
    ///
    /// `MODEL.safetensors`, `.pt` and so on come first, then the same in another letter case, then a file
    /// or folder with the name among others (`cifar100_resnet56-f2eff4c8.pt`,
    /// `resnet8_vanilla/ckpt_epoch_240.pth`). In a folder the last epoch is preferred to the best.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `StudyError.severalTeachers` where several files are equally likely.
    func file(of model: CIFARModel) throws(StudyError) -> String? {
        let exact = Self.extensions.map { "\(model.rawValue).\($0)" }.first {
            Self.isFile("\(folder)/\($0)")
        }
        if let exact { return "\(folder)/\(exact)" }
        let names = Self.names(in: folder)
        let same = names.filter { Self.stem($0).lowercased() == model.rawValue.lowercased() }
        if let found = try choose(same, of: model) { return found }
        return try choose(names.filter { Self.model(namedIn: Self.stem($0)) == model }, of: model)
    }

    /// The file among names of files and folders; nil where none of them is or has one.
    private func choose(
        _ names: [String], of model: CIFARModel
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
        in folder: String, of model: CIFARModel
    ) throws(StudyError) -> String? {
        let names = Self.names(in: folder).filter {
            Self.isOfWeights($0) && Self.isFile("\(folder)/\($0)")
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
        _ files: [String], of model: CIFARModel
    ) throws(StudyError) -> String? {
        guard files.count < 2 else {
            throw .severalTeachers(model: model.rawValue, files: files.sorted())
        }
        return files.first
    }

    /// The epoch at the end of a name, as in `ckpt_epoch_240`.
    private static func epoch(in stem: String) -> Int? {
        guard stem.lowercased().contains("epoch") else { return nil }
        return Int(stem.reversed().prefix { $0.isNumber }.reversed().map(String.init).joined())
    }

    /// The only model whose name stands in a text, with nothing but signs and the ends around it.
    static func model(namedIn text: String) -> CIFARModel? {
        let text = text.lowercased()
        let found = CIFARModel.allCases.filter { model in
            text.ranges(of: model.rawValue.lowercased()).contains { range in
                let before = text[..<range.lowerBound].last
                let after = text[range.upperBound...].first
                return [before, after].allSatisfy {
                    $0.map { !$0.isLetter && !$0.isNumber } ?? true
                }
            }
        }
        return found.count == 1 ? found[0] : nil
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

import Basics
import Recipes
import TensorFiles
import VisionData
import VisionModels

/// Teachers of a study that have to be trained first.
package struct MissingTeachers: Sendable, CustomStringConvertible {
    /// The models.
    let models: [String]

    /// The folder that the user gave, and what lies in it.
    let folder: (path: String, contents: [String])?

    /// A folder inside that has such files.
    package let better: String?

    /// The problem with what saves the time.
    package var description: String { sentences(problem, remedy) }

    /// Which teachers will be trained, and why.
    package var problem: String {
        let these = models.count == 1 ? "this teacher" : "these teachers"
        let names = models.joined(separator: ", ")
        guard let folder else {
            return "there are no weights of \(names), so \(these) will be trained first."
        }
        return "\(folder.path) has no weights of \(names), so \(these) will be trained first. The "
            + "folder has \(folder.contents.firstFew)."
    }

    private var remedy: String {
        if let better { return "name \(better), which has such files" }
        return example.map { "to save the time, name a file after its model, such as \($0)" }
            ?? "to save the time, give files of trained ones"
    }

    /// What a file in the user's folder should be called.
    package var example: String? { folder.map { "\($0.path)/\(models[0]).pth" } }
}

extension Study {
    /// Tells which teachers have to be trained, and why: a warning where the user gave a folder of them.
    func remark(missing cells: [Cell]) {
        guard !cells.isEmpty else { return }
        let names = cells.map(\.key.pair)
        guard let folder = settings.teachers else {
            return report(.remark(MissingTeachers(models: names, folder: nil, better: nil)))
        }
        let finder = finder(in: folder)
        let places = finder.subfolders(with: names.compactMap { try? Architecture(named: $0) })
        report(
            .warning(
                MissingTeachers(
                    models: names, folder: (folder, finder.contents), better: places.first)))
    }

    /// What finds teachers of the study's data set in a folder.
    func finder(in folder: String) -> TeacherFinder {
        TeacherFinder(folder: folder, dataset: cells.first?.recipe.dataset.images ?? .cifar100)
    }
}

import Basics
import Recipes
import TensorFiles
import VisionModels

extension Study {
    /// Tells which teachers have to be trained, and why: a warning where the user gave a folder of them.
    func remark(missing cells: [Cell]) {
        guard !cells.isEmpty else { return }
        let names = cells.map(\.key.pair).joined(separator: ", ")
        let these = cells.count == 1 ? "this teacher" : "these teachers"
        guard let folder = settings.teachers else {
            return report(
                .remark(
                    "without --teachers there are no weights of \(names): \(these) will be trained "
                        + "first, for which files of trained ones save the time"))
        }
        let finder = finder(in: folder)
        let models = cells.compactMap { try? Architecture(named: $0.key.pair) }
        let places = finder.subfolders(with: models)
        let advice =
            places.first.map { "\($0) has such files: give \(ShellWord.option("--teachers", $0))" }
            ?? "name a file after its model, as in \(folder)/\(cells[0].key.pair).pth, to save the time"
        report(
            .warning(
                "\(folder) has no weights of \(names): \(these) will be trained first; found "
                    + "\(finder.contents.firstFew) there; \(advice)"))
    }

    /// What finds teachers of the study's data set in a folder.
    func finder(in folder: String) -> TeacherFinder {
        TeacherFinder(folder: folder, dataset: cells.first?.recipe.dataset.name ?? .cifar100)
    }
}

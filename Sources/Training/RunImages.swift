import Basics
import Foundation
import ImageFolders

extension Trainer {
    /// Keeps the lists of images that have files of their own, or compares them with those that a run kept.
    ///
    /// - Parameter folder: the run's.
    /// - Throws: `TrainingError.otherImageFiles` where images are others, `FileError`.
    func compareImages(in folder: RunFolder) throws {
        for (name, list) in parts.lists {
            let path = folder.imageList(name)
            guard options.resume, FileManager.default.fileExists(atPath: path) else {
                try ImageListFile.write(list, to: path)
                continue
            }
            switch try ImageListFile.difference(of: list, from: path) {
            case nil: break
            case .touched(let image)?:
                report(
                    .remark(
                        "\(list.root)/\(image) was written again since the run began, and perhaps "
                            + "others; their names and sizes are the same"))
            case let difference?:
                throw TrainingError.otherImageFiles(
                    folder: list.root, list: path, difference: "\(difference)")
            }
        }
    }
}

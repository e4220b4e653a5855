import Foundation

/// The names of CIFAR's classes, which lie beside its images.
public enum CIFARClassNames {
    /// Reads them.
    ///
    /// - Parameters:
    ///   - dataset: `cifar100` or `cifar10`.
    ///   - folder: the folder that holds the data set's folder, or that folder.
    /// - Returns: one for each class, by number; nil where the file is missing or of another length, and for other
    ///   data sets.
    public static func read(of dataset: Dataset, in folder: String) -> [String]? {
        let files: (folder: String, name: String, count: Int)
        switch dataset.name {
        case "cifar100": files = ("cifar-100-binary", "fine_label_names.txt", 100)
        case "cifar10": files = ("cifar-10-batches-bin", "batches.meta.txt", 10)
        default: return nil
        }
        let paths = ["\(folder)/\(files.folder)/\(files.name)", "\(folder)/\(files.name)"]
        let texts = paths.lazy.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        let names = texts.first?.split(whereSeparator: \.isNewline).map(String.init)
        return names?.count == files.count ? names : nil
    }
}

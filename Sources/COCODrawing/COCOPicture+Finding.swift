import Basics
import COCO
import Foundation

extension COCOPicture {
    /// Finds images of a folder in COCO's form; of each split only as much is read as is needed.
    ///
    /// - Parameters:
    ///   - names: ids, or names of files.
    ///   - folder: the folder.
    ///   - split: where to look; in both where it is nil, val first.
    ///   - withObjects: whether boxes and masks are wanted.
    /// - Returns: the images, in the order in which they were asked for.
    /// - Throws: `COCODrawingError` where one is not found, `COCOFileError` where annotations cannot be read.
    public static func find(
        _ names: [String], in folder: COCOFolder, _ split: COCOFolder.Split?, withObjects: Bool
    ) throws -> [COCOPicture] {
        let splits = (split.map { [$0] } ?? [.val, .train]).filter {
            split != nil || Disk.exists(URL(fileURLWithPath: folder.annotations(of: $0)))
        }
        guard !splits.isEmpty else { throw COCODrawingError.noAnnotations(folder: folder) }
        var found: [String: COCOPicture] = [:]
        for split in splits where found.count < Set(names).count {
            let annotations = try COCOAnnotations(
                contentsOf: folder.annotations(of: split),
                parts: withObjects ? [.boxes, .masks] : [])
            for name in names where found[name] == nil {
                guard let entry = annotations.image(meantBy: name) else { continue }
                guard let file = entry.fileName else {
                    throw COCODrawingError.noFile(annotations: annotations.path, image: entry.id)
                }
                found[name] = COCOPicture(
                    entry: entry, annotations: annotations, path: folder.image(file, of: split))
            }
        }
        return try names.map { name in
            guard let image = found[name] else {
                throw COCODrawingError.unknown(
                    image: name, files: splits.map { folder.annotations(of: $0) })
            }
            return image
        }
    }
}

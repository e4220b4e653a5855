import COCO
import ImageFolders
import VisionData

extension COCOAnnotations {
    /// Lists files of pictures, of whose objects nothing is known.
    ///
    /// Their ids are numbers from 0 in the order of the files.
    ///
    /// - Parameters:
    ///   - paths: the files, of which the headers are read.
    ///   - categories: what a detector can find, in any order.
    ///   - reading: how the files are read.
    /// - Throws: `TooManyUnreadable` where files are no pictures, with all of them.
    public init(
        pictures paths: [String], categories: [COCOCategory],
        reading: PhotographReading = PhotographReading()
    ) throws {
        let reader = PictureReader(options: reading.options())
        var images: [COCOImage] = []
        var unreadable: [Unreadable] = []
        for (number, path) in paths.enumerated() {
            do {
                let size = try reader.size(of: path, named: path)
                images.append(
                    COCOImage(
                        id: .whole(number), height: size.height, width: size.width, fileName: path))
            } catch let error as UnreadableImage {
                unreadable.append(error.description)
            }
        }
        guard unreadable.isEmpty else {
            throw TooManyUnreadable(found: unreadable, allowed: 0, count: paths.count)
        }
        self.init(path: "the pictures", images: images, categories: categories, annotations: [])
    }
}

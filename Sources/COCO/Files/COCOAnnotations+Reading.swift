import Basics
import Foundation

extension COCOAnnotations {
    /// Reads a file of annotations.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - parts: which parts of the objects are wanted.
    /// - Throws: `COCOFileError` where the file cannot be read, or where something else stands in it than the format
    ///   has. Every object needs `id`, `image_id` and `category_id`, every image and category an `id`.
    public init(
        contentsOf path: String, parts: COCOParts = [.boxes, .masks]
    ) throws(COCOFileError) {
        self = try EntryReader.read(path) { (reader) throws(JSONError) in
            try Self(from: &reader, path: path, parts: parts)
        }
    }

    /// Reads annotations that are in memory.
    ///
    /// - Parameters:
    ///   - data: the contents of a file.
    ///   - path: how errors call it.
    ///   - parts: which parts of the objects are wanted.
    /// - Throws: `COCOFileError` as for a file.
    public init(
        data: Data, path: String, parts: COCOParts = [.boxes, .masks]
    ) throws(COCOFileError) {
        self = try EntryReader.read(data, path: path) { (reader) throws(JSONError) in
            try Self(from: &reader, path: path, parts: parts)
        }
    }

    private init(
        from reader: inout EntryReader, path: String, parts: COCOParts
    ) throws(JSONError) {
        var images: [COCOImage]?
        var categories: [COCOCategory]?
        var annotations: [COCOAnnotation]?
        let (imageKeys, categoryKeys) = (ImageKeys(), CategoryKeys())
        let annotationKeys = AnnotationKeys()
        let start = reader.scanner.offset
        try reader.scanner.enterObject("an object with images, annotations and categories")
        while let key = try reader.scanner.nextName() {
            switch key {
            case "images":
                images = try reader.list(of: "image") { (scanner) throws(JSONError) in
                    try COCOImage(from: &scanner, imageKeys)
                }
            case "categories":
                categories = try reader.list(of: "category") { (scanner) throws(JSONError) in
                    try COCOCategory(from: &scanner, categoryKeys)
                }
            case "annotations":
                annotations = try reader.list(of: "annotation") { (scanner) throws(JSONError) in
                    try COCOAnnotation(from: &scanner, annotationKeys, parts)
                }
            default: try reader.scanner.skipValue()
            }
        }
        try reader.scanner.end()
        self.init(
            path: path, images: try reader.scanner.required(images, "images", from: start),
            categories: try reader.scanner.required(categories, "categories", from: start),
            annotations: try reader.scanner.required(annotations, "annotations", from: start))
    }
}

private struct ImageKeys {
    let id = JSONKey("id")
    let height = JSONKey("height")
    let width = JSONKey("width")
    let fileName = JSONKey("file_name")
}

private struct CategoryKeys {
    let id = JSONKey("id")
    let name = JSONKey("name")
}

private struct AnnotationKeys {
    let id = JSONKey("id")
    let imageID = JSONKey("image_id")
    let categoryID = JSONKey("category_id")
    let box = JSONKey("bbox")
    let area = JSONKey("area")
    let isCrowd = JSONKey("iscrowd")
    let segmentation = JSONKey("segmentation")
}

extension COCOImage {
    fileprivate init(from scanner: inout JSONScanner, _ keys: ImageKeys) throws(JSONError) {
        var id: COCOIdentifier?
        var height: Int?
        var width: Int?
        var fileName: String?
        let start = scanner.offset
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == keys.id {
                id = try scanner.identifier("id")
            } else if key == keys.height {
                height = scanner.skipNull() ? nil : try scanner.wholeNumber("height")
            } else if key == keys.width {
                width = scanner.skipNull() ? nil : try scanner.wholeNumber("width")
            } else if key == keys.fileName {
                fileName = scanner.skipNull() ? nil : try scanner.string("a string as 'file_name'")
            } else {
                try scanner.skipValue()
            }
        }
        self.init(
            id: try scanner.required(id, "id", from: start), height: height, width: width,
            fileName: fileName)
    }
}

extension COCOCategory {
    fileprivate init(from scanner: inout JSONScanner, _ keys: CategoryKeys) throws(JSONError) {
        var id: COCOIdentifier?
        var name: String?
        let start = scanner.offset
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == keys.id {
                id = try scanner.identifier("id")
            } else if key == keys.name {
                name = scanner.skipNull() ? nil : try scanner.string("a string as 'name'")
            } else {
                try scanner.skipValue()
            }
        }
        self.init(id: try scanner.required(id, "id", from: start), name: name)
    }
}

extension COCOAnnotation {
    fileprivate init(
        from scanner: inout JSONScanner, _ keys: AnnotationKeys, _ parts: COCOParts
    ) throws(JSONError) {
        var id: COCOIdentifier?
        var imageID: COCOIdentifier?
        var categoryID: COCOIdentifier?
        var box: COCOBox?
        var area: Double?
        var isCrowd: Bool?
        var segmentation: COCOSegmentation?
        let start = scanner.offset
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == keys.id {
                id = try scanner.identifier("id")
            } else if key == keys.imageID {
                imageID = try scanner.identifier("image_id")
            } else if key == keys.categoryID {
                categoryID = try scanner.identifier("category_id")
            } else if key == keys.area {
                area = try scanner.number("a number as 'area'").value
            } else if key == keys.isCrowd {
                isCrowd = try scanner.crowdMark()
            } else if key == keys.box, parts.contains(.boxes) {
                box = try scanner.box()
            } else if key == keys.segmentation, parts.contains(.masks) {
                segmentation = try scanner.segmentation()
            } else {
                try scanner.skipValue()
            }
        }
        self.init(
            id: try scanner.required(id, "id", from: start),
            imageID: try scanner.required(imageID, "image_id", from: start),
            categoryID: try scanner.required(categoryID, "category_id", from: start),
            box: box, area: area, isCrowd: isCrowd, segmentation: segmentation)
    }
}

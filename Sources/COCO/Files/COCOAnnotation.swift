/// An image of a file of annotations.
public struct COCOImage: Sendable, Equatable {
    /// What it is known by.
    public let id: COCOIdentifier

    /// Rows of pixels, where the file says so.
    public let height: Int?

    /// Columns of pixels, where the file says so.
    public let width: Int?

    /// The name of its file in the folder of images, where the file says so.
    public let fileName: String?

    /// Describes an image.
    public init(id: COCOIdentifier, height: Int? = nil, width: Int? = nil, fileName: String? = nil)
    {
        self.id = id
        self.height = height
        self.width = width
        self.fileName = fileName
    }
}

/// A category of objects.
public struct COCOCategory: Sendable, Equatable {
    /// What it is known by; the numbers of COCO have gaps.
    public let id: COCOIdentifier

    /// What it is called, where the file says so.
    public let name: String?

    /// Describes a category.
    public init(id: COCOIdentifier, name: String? = nil) {
        self.id = id
        self.name = name
    }
}

/// An object in an image.
public struct COCOAnnotation: Sendable, Equatable {
    /// What it is known by.
    public let id: COCOIdentifier

    /// The image that it is in.
    public let imageID: COCOIdentifier

    /// What it is.
    public let categoryID: COCOIdentifier

    /// The box around it, where the file has one and boxes are read.
    public let box: COCOBox?

    /// Its area in pixels as the file has it, which need not be that of the box or of the mask.
    public let area: Double?

    /// Whether it is a region of many objects, where the file says so.
    public let isCrowd: Bool?

    /// Its pixels, where the file has them and masks are read.
    public let segmentation: COCOSegmentation?

    /// Describes an object.
    public init(
        id: COCOIdentifier, imageID: COCOIdentifier, categoryID: COCOIdentifier,
        box: COCOBox? = nil, area: Double? = nil, isCrowd: Bool? = nil,
        segmentation: COCOSegmentation? = nil
    ) {
        self.id = id
        self.imageID = imageID
        self.categoryID = categoryID
        self.box = box
        self.area = area
        self.isCrowd = isCrowd
        self.segmentation = segmentation
    }
}

/// What a detector found.
public struct COCOResult: Sendable, Equatable {
    /// The image that it was found in.
    public let imageID: COCOIdentifier

    /// What it is thought to be.
    public let categoryID: COCOIdentifier

    /// How sure the detector is; any number orders the results.
    public let score: Double

    /// The box around it; nil where the file has none or an empty list.
    public let box: COCOBox?

    /// Its pixels, where the file has them and masks are read.
    public let segmentation: COCOSegmentation?

    /// Describes a result.
    public init(
        imageID: COCOIdentifier, categoryID: COCOIdentifier, score: Double, box: COCOBox? = nil,
        segmentation: COCOSegmentation? = nil
    ) {
        self.imageID = imageID
        self.categoryID = categoryID
        self.score = score
        self.box = box
        self.segmentation = segmentation
    }
}

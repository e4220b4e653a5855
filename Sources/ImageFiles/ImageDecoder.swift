import CImage

/// Reads JPEG, PNG and WebP, with the bytes that Pillow 13 gives.
///
/// Grey becomes colour, CMYK is converted without profiles, alpha is dropped and not composited, numbers of 16 bits keep
/// their upper half, and of an animation the first frame counts. A decoder keeps its memory from picture to picture. It
/// belongs to one thread; each worker has its own.
public final class ImageDecoder {
    /// How pictures are read.
    public let options: ImageOptions
    private let reader: ci_reader?
    private let resizer: Resizer
    private var tables = ResizeTables()

    /// Makes a decoder.
    public convenience init(_ options: ImageOptions = ImageOptions()) {
        self.init(options, instructions: ci_best_instructions())
    }

    /// Makes a decoder whose kernels use other instructions than the best.
    init(_ options: ImageOptions, instructions: ci_instructions) {
        self.options = options
        reader = ci_reader_new()
        resizer = Resizer(instructions)
    }

    deinit { ci_reader_free(reader) }

    /// Reads the header alone.
    ///
    /// - Parameter bytes: The file.
    /// - Returns: The picture's format and size.
    /// - Throws: `ImageError` where the file is no picture or its header announces too many pixels.
    public func header(of bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
        let picture = try open(bytes)
        picture.close()
        return picture.header
    }

    /// Decodes a picture.
    ///
    /// - Parameter bytes: The file.
    /// - Returns: All of its pixels.
    /// - Throws: `ImageError` where the file is damaged or refused.
    public func decode(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> Picture {
        var picture = Picture()
        try decode(bytes, into: &picture)
        return picture
    }

    /// Decodes a picture into the memory of another one.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - picture: What is replaced; after an error its pixels are of no use.
    /// - Throws: `ImageError` where the file is damaged or refused.
    public func decode(
        _ bytes: UnsafeRawBufferPointer, into picture: inout Picture
    ) throws(ImageError) {
        let opened = try open(bytes)
        defer { opened.close() }
        picture.width = opened.header.width
        picture.height = opened.header.height
        let count = 3 * opened.header.pixels
        var status = CI_OK
        func read(_ target: UnsafeMutableBufferPointer<UInt8>) {
            status = ci_read_all(opened.reader, options.scalesSixteenBitGrey, target.baseAddress)
        }
        if picture.pixels.count == count {
            picture.pixels.withUnsafeMutableBufferPointer { read($0) }
        } else {
            picture.pixels = [UInt8](unsafeUninitializedCapacity: count) { target, written in
                read(target)
                written = status == CI_OK ? count : 0
            }
        }
        try opened.check(status)
    }

    /// What evaluation sees: the middle of the picture, after its shorter side is resized to a length.
    ///
    /// torchvision's `Resize` and `CenterCrop` give the same bytes, on pictures of Pillow. A smaller picture is surrounded
    /// by black.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - resize: The length of the shorter side.
    ///   - crop: The sides of the result.
    ///   - target: Room for `[crop, crop, 3]` bytes.
    /// - Throws: `ImageError` where the file is damaged or refused.
    public func centre(
        _ bytes: UnsafeRawBufferPointer, resize: Int, crop: Int,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImageError) {
        precondition(
            resize > 0 && crop > 0, "a picture's side is at least 1, not \(resize) and \(crop)")
        let start = room(target, crop)
        let opened = try open(bytes)
        defer { opened.close() }
        let header = opened.header
        let size = CentreCrop.resized(width: header.width, height: header.height, shorter: resize)
        let columns = CentreCrop(length: size.width, crop: crop)
        let rows = CentreCrop(length: size.height, crop: crop)
        if columns.kept.count < crop || rows.kept.count < crop { target.update(repeating: 0) }
        let resizing = Resizing(
            columns: .all(header.width, to: size.width, wanted: columns.kept),
            rows: .all(header.height, to: size.height, wanted: rows.kept), from: &tables)
        let view = try opened.read(
            resizing.columns.needed, resizing.rows.needed, scale: 1, options.scalesSixteenBitGrey)
        let place = start + 3 * (rows.offset * crop + columns.offset)
        resizer.resize(view, by: resizing, into: PixelTarget(pixels: place, stride: 3 * crop))
    }

    /// What training sees: a box, resized to a square and mirrored or not.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - box: A part of the picture.
    ///   - size: The sides of the result.
    ///   - isFlipped: Whether left and right are exchanged.
    ///   - isExact: Whether the result is that of `Image.crop` and `Image.resize` in any case. Otherwise a JPEG whose box is
    ///     at least twice as large as the result along both sides is decoded at 1/2, 1/4 or 1/8 of its size.
    ///   - target: Room for `[size, size, 3]` bytes.
    /// - Throws: `ImageError` where the file is damaged or refused.
    public func cut(
        _ bytes: UnsafeRawBufferPointer, _ box: CropBox, to size: Int, isFlipped: Bool = false,
        isExact: Bool = false, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImageError) {
        let start = room(target, size)
        let opened = try open(bytes)
        defer { opened.close() }
        let header = opened.header
        precondition(
            box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0
                && box.left + box.width <= header.width && box.top + box.height <= header.height,
            "a box lies in its picture of \(header.width) × \(header.height), not \(box)")
        let scale = isExact || header.format != .jpeg ? 1 : ReducedSide.scale(of: box, to: size)
        let columns = ReducedSide(box.left, box.width, by: scale)
        let rows = ReducedSide(box.top, box.height, by: scale)
        let resizing = Resizing(
            columns: columns.key(size, isReversed: isFlipped), rows: rows.key(size), from: &tables)
        let view = try opened.read(
            resizing.columns.needed.moved(by: columns.pixels.lowerBound),
            resizing.rows.needed.moved(by: rows.pixels.lowerBound), scale: scale,
            options.scalesSixteenBitGrey)
        resizer.resize(view, by: resizing, into: PixelTarget(pixels: start, stride: 3 * size))
    }

    /// A whole picture at another size, mirrored or not.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - width: The columns of the result, at least 1.
    ///   - height: The rows of the result, at least 1.
    ///   - isFlipped: Whether left and right are exchanged.
    ///   - target: Room for `[height, width, 3]` bytes.
    /// - Throws: `ImageError` where the file is damaged or refused.
    public func resized(
        _ bytes: UnsafeRawBufferPointer, width: Int, height: Int, isFlipped: Bool = false,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImageError) {
        guard let start = target.baseAddress, width > 0, height > 0,
            target.count == 3 * width * height
        else {
            preconditionFailure(
                "a result of \(width) × \(height) pixels has \(3 * width * height) bytes, not \(target.count)"
            )
        }
        let opened = try open(bytes)
        defer { opened.close() }
        let header = opened.header
        let resizing = Resizing(
            columns: .all(header.width, to: width, isReversed: isFlipped),
            rows: .all(header.height, to: height), from: &tables)
        let view = try opened.read(
            resizing.columns.needed, resizing.rows.needed, scale: 1, options.scalesSixteenBitGrey)
        resizer.resize(view, by: resizing, into: PixelTarget(pixels: start, stride: 3 * width))
    }

    private func room(
        _ target: UnsafeMutableBufferPointer<UInt8>, _ side: Int
    ) -> UnsafeMutablePointer<UInt8> {
        guard let start = target.baseAddress, side > 0, target.count == 3 * side * side else {
            preconditionFailure(
                "a result of \(side) × \(side) pixels has \(3 * side * side) bytes, not \(target.count)"
            )
        }
        return start
    }

    private func open(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> OpenedPicture {
        guard !bytes.isEmpty else { throw .empty }
        let format: ImageFormat
        switch ContentKind(of: bytes) {
        case .picture(let found): format = found
        case .other(let kind): throw .unknownFormat(looksLike: kind)
        }
        guard let reader else { throw .outOfMemory(width: 0, height: 0) }
        return try OpenedPicture(bytes, format, with: reader, maximumPixels: options.maximumPixels)
    }
}

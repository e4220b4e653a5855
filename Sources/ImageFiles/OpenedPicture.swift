import CImage

/// A picture file whose header was read, while its bytes are borrowed.
struct OpenedPicture {
    let header: ImageHeader
    let reader: ci_reader

    /// Reads the header, and refuses a picture that would take too much memory.
    init(
        _ bytes: UnsafeRawBufferPointer, _ format: ImageFormat, with reader: ci_reader,
        maximumPixels: Int
    ) throws(ImageError) {
        var found = ci_header()
        let status = ci_open(
            reader, format.code, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            &found)
        header = ImageHeader(
            format: format, width: Int(found.width), height: Int(found.height),
            isSixteenBitGrey: found.is_sixteen_bit_grey)
        self.reader = reader
        try check(status)
        // The product of two sides below 2^31 is no overflow.
        guard header.pixels <= maximumPixels else {
            close()
            throw .tooLarge(width: header.width, height: header.height, limit: maximumPixels)
        }
    }

    /// Decodes at least some columns and rows of the picture, reduced by a scale.
    func read(
        _ columns: Range<Int>, _ rows: Range<Int>, scale: Int, _ scalesSixteenBitGrey: Bool
    ) throws(ImageError) -> PixelView {
        let region = ci_region(
            left: Int64(columns.lowerBound), top: Int64(rows.lowerBound),
            width: Int64(columns.count),
            height: Int64(rows.count), scale: Int32(scale))
        var view = ci_view()
        try check(ci_read(reader, region, scalesSixteenBitGrey, &view))
        guard let pixels = view.pixels else {
            throw .outOfMemory(width: header.width, height: header.height)
        }
        return PixelView(pixels: pixels, stride: view.stride)
    }

    /// Gives the bytes back.
    func close() { ci_close(reader) }

    /// Throws what a status means.
    func check(_ status: ci_status) throws(ImageError) {
        guard status != CI_OK else { return }
        let reason = ci_reader_message(reader).map { String(cString: $0) } ?? ""
        switch status {
        case CI_TRUNCATED: throw .truncated(header.format, reason: reason)
        case CI_UNSUPPORTED: throw .unsupported(header.format, reason: reason)
        case CI_OUT_OF_MEMORY: throw .outOfMemory(width: header.width, height: header.height)
        default: throw .damaged(header.format, reason: reason)
        }
    }
}

extension ImageFormat {
    fileprivate var code: ci_format {
        switch self {
        case .jpeg: CI_JPEG
        case .png: CI_PNG
        case .webp: CI_WEBP
        }
    }
}

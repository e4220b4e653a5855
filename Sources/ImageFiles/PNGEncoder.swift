import CImage

extension Picture {
    /// The picture as the bytes of a PNG file, without loss: 8 bits of red, green and blue.
    ///
    /// - Returns: The file.
    /// - Throws: `ImageError.outOfMemory`.
    public func png() throws(ImageError) -> [UInt8] {
        precondition(width > 0 && height > 0, "Picture: a PNG has at least one pixel")
        var file = ci_file()
        let status = pixels.withUnsafeBufferPointer {
            ci_write_png($0.baseAddress, Int64(width), Int64(height), &file)
        }
        guard status == CI_OK else { throw .outOfMemory(width: width, height: height) }
        defer { ci_free_file(file) }
        return Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    }
}

import CTorch

/// Normalises the bytes of RGB images by our own kernel: pixels · scale + shift, in one pass.
///
/// - Parameters:
///   - pixels: uint8 `[N, 3, H, W]`.
///   - scale: three numbers.
///   - shift: three numbers.
/// - Returns: float32 of the same shape, channels last, with the bits that LibTorch's multiplication and addition
///   give; nil, with nothing done, where our kernel does not take the pixels: it wants them on the CPU, channels
///   last.
public func normalizedPixels(_ pixels: Tensor, scale: [Float], shift: [Float]) -> Tensor? {
    precondition(scale.count == 3 && shift.count == 3, "normalizedPixels: not three channels")
    guard let x = pixels.handle, withExtendedLifetime(pixels, { ct_normalize_takes(x) })
    else { return nil }
    var result: ct_tensor?
    withExtendedLifetime(pixels) {
        _ = check(
            ct_normalize(x, scale, shift, &result), "normalized_pixels", shapes: "\(pixels.shape)")
    }
    return Tensor(owning: result)
}

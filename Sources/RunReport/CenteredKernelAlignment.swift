import Torch

/// How alike two sets of features of the same images are, from 0 to 1, whatever their widths (linear CKA).
///
/// `‖Yᵀ X‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖)` of centred features, with Frobenius norms; here by the images' products with each
/// other, which costs less where features are wider than images are many.
///
/// Source: Kornblith, Norouzi, Lee and Hinton, *Similarity of Neural Network Representations Revisited*, ICML 2019,
/// equation 4 and section 3.
///
/// - Parameters:
///   - first: features, one image a row when flattened, `[N, …]`.
///   - second: others of the same images, `[N, …]`.
/// - Returns: the likeness; nil where one of them does not differ from image to image.
public func centeredKernelAlignment(_ first: Tensor, _ second: Tensor) -> Double? {
    let (x, y) = (centredProducts(first), centredProducts(second))
    let norm = { (products: Tensor) in (products * products).sum().item().squareRoot() }
    let both = norm(x) * norm(y)
    guard both > 0 else { return nil }
    return (x * y).sum().item() / both
}

/// The products of all images' centred features with each other, `[N, N]`.
private func centredProducts(_ features: Tensor) -> Tensor {
    let rows = features.flatten(from: 1).to(.float64)
    let centred = rows - rows.mean([0], keepDimensions: true)
    return centred.matmul(centred.permute([1, 0]))
}

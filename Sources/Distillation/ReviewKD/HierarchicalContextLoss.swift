import Torch

/// The hierarchical context loss (HCL): mean squared error at several spatial scales.
///
/// The full maps are compared, then their averages over 4×4, 2×2 and 1×1 bins where these are
/// smaller than the map's height; each scale that is used weighs half of the one before, and the sum
/// is divided by the sum of the weights. Pooling is linear, so that the *difference* is pooled, once,
/// and where the bins nest a coarser scale is pooled from the finer one. The gradient is given by
/// hand: the whole loss is one node of the graph.
///
/// Shapes: student and teacher `[N, C, H, W]`, result a scalar, in float32 unless the maps are
/// float64.
///
/// Reference: Chen et al., *Distilling Knowledge via Knowledge Review*, CVPR 2021, section 3.3,
/// <https://arxiv.org/abs/2104.09044>.
///
/// - Parameters:
///   - student: the fused student features; gradients flow into them.
///   - teacher: the target.
///   - levels: the sizes that the maps are pooled to, falling; the paper's by default.
///   - imageWeights: a factor for each image's squared errors, float32 `[N]` without gradients; nil for 1.
/// - Returns: the loss.
public func hierarchicalContextLoss(
    _ student: Tensor, _ teacher: Tensor, levels: [Int] = [4, 2, 1], imageWeights: Tensor? = nil
) -> Tensor {
    let sizes = levels.filter { $0 < student.size(2) }
    if let finest = sizes.first, let weights = halvingWeights(sizes),
        let fused = fusedHierarchicalLoss(
            student, teacher, bins: finest, weights: weights, imageWeights: imageWeights)
    {
        return fused
    }
    return customFunction(of: [student]) {
        let dtype: DType = student.dtype == .float64 ? .float64 : .float32
        let pyramid = DifferencePyramid(
            student.to(dtype) - teacher.to(dtype), sizes: sizes,
            imageWeights: imageWeights?.to(dtype).reshape([-1, 1, 1, 1]))
        let studentType = student.dtype
        return (
            [pyramid.loss],
            { gradients in
                guard let gradient = gradients[0] else { return [nil] }
                return [pyramid.gradient(scaledBy: gradient).to(studentType)]
            }
        )
    }[0]
}

/// ½ᵏ over the sum of all, for the k-th of some scales.
private func scaleWeights(_ count: Int) -> [Double] {
    let halves = (0..<count).map { 1 / Double(1 << $0) }
    let total = halves.reduce(0, +)
    return halves.map { $0 / total }
}

/// The weights of the full map and of each size from the finest down to 1 by halves, 0 for those that
/// are left out; nil where the sizes are not such halves.
private func halvingWeights(_ sizes: [Int]) -> [Double]? {
    let halves = [4, 2, 1].filter { $0 <= sizes[0] }
    guard halves.first == sizes[0], sizes.allSatisfy(halves.contains) else { return nil }
    let weights = scaleWeights(sizes.count + 1)
    return [weights[0]]
        + halves.map { half in sizes.firstIndex(of: half).map { weights[$0 + 1] } ?? 0 }
}

/// A difference map, its averages at coarser scales, and their weights.
private struct DifferencePyramid: Sendable {
    /// The full map, then coarser ones.
    let maps: [Tensor]

    /// Whether each pooled map comes from the one before it rather than from the full map.
    let isNested: Bool

    /// The images' factors `[N, 1, 1, 1]`; nil for 1.
    let imageWeights: Tensor?

    init(_ difference: Tensor, sizes: [Int], imageWeights: Tensor?) {
        self.imageWeights = imageWeights
        let height = difference.size(2)
        let width = difference.size(3)
        let finest = sizes.first ?? 1
        isNested =
            height % finest == 0 && width % finest == 0
            && zip(sizes, sizes.dropFirst()).allSatisfy { $0 % $1 == 0 }
        var maps = [difference]
        for size in sizes {
            let source = isNested ? maps[maps.count - 1] : difference
            maps.append(source.adaptiveAveragePool(size))
        }
        self.maps = maps
    }

    private var weights: [Double] { scaleWeights(maps.count) }

    var loss: Tensor {
        let terms = zip(maps, weights).map { map, weight in
            let squares = imageWeights.map { (map * map * $0).sum() } ?? map.sumOfSquares()
            return squares * (weight / Double(map.count))
        }
        return terms.dropFirst().reduce(terms[0], +)
    }

    /// The gradient for the full map.
    ///
    /// That of one scale's term is `2 · weight / count · map`, carried to finer scales by the
    /// transposed pooling.
    func gradient(scaledBy factor: Tensor) -> Tensor {
        let own = zip(maps, weights).map { map, weight in
            (imageWeights.map { map * $0 } ?? map)
                * (factor * (2 * weight / Double(map.count)))
        }
        guard isNested else {
            return own.dropFirst().reduce(own[0]) { $0 + spread($1, over: maps[0]) }
        }
        var gradient = own[own.count - 1]
        for index in own.indices.dropLast().reversed() {
            gradient = own[index] + spread(gradient, over: maps[index])
        }
        return gradient
    }

    private func spread(_ gradient: Tensor, over map: Tensor) -> Tensor {
        guard isNested else { return gradient.adaptiveAveragePoolBackward(input: map) }
        // The same, without the additions in any order that the former makes on a GPU.
        let (height, width) = (map.size(2), map.size(3))
        let area = height / gradient.size(2) * (width / gradient.size(3))
        return gradient.resizedNearest(height: height, width: width) * (1 / Double(area))
    }
}

import Torch

/// A program that is asked about any number of images, in blocks of as many as it takes.
///
/// A package of AOTInductor takes the numbers between two bounds, which lie closer together than those that
/// its maker declared. They become known when it refuses a block: LibTorch names the bound that was passed.
final class ProgramBlocks {
    private let program: TensorProgram
    private var counts = 1...Int.max

    init(_ program: TensorProgram) { self.program = program }

    /// What the program gives for images.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`, at least one, in the layout that it takes.
    ///   - format: that layout.
    /// - Returns: its tensors, of N rows each where it gives one for each image.
    /// - Throws: `OperatorError`, of the kind `programFromFile` where it refuses such images in any number.
    func outputs(of images: Tensor, format: MemoryFormat) throws(OperatorError) -> [Tensor] {
        let count = images.size(0)
        // Each bound is learned once.
        for _ in 0..<4 {
            let block = min(max(count, counts.lowerBound), counts.upperBound)
            do {
                return try answer(images, count, inBlocksOf: block, format)
            } catch {
                guard error.kind == .programFromFile, learn(from: error.reason, block) else {
                    throw error
                }
            }
        }
        return try program.outputs(of: images)
    }

    /// Takes a bound out of a refusal such as `dim value is too large at 0, expected to be <= 15, but got: 16`.
    ///
    /// - Returns: whether another number of images can be tried.
    private func learn(from reason: String, _ block: Int) -> Bool {
        guard reason.contains("at 0, expected"),
            let words = reason.components(after: "at 0, expected"),
            let bound = words.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }),
            bound > 0, bound != block
        else { return false }
        if words.contains("<=") {
            counts = min(counts.lowerBound, bound)...bound
        } else if words.contains(">=") {
            counts = bound...max(counts.upperBound, bound)
        } else {
            counts = bound...bound
        }
        return true
    }

    /// Asks block by block; the last one is filled up with images of the first.
    private func answer(
        _ images: Tensor, _ count: Int, inBlocksOf block: Int, _ format: MemoryFormat
    ) throws(OperatorError) -> [Tensor] {
        guard block != count else { return try program.outputs(of: images, isTrial: true) }
        var parts: [[Tensor]] = []
        for start in stride(from: 0, to: count, by: block) {
            let present = min(block, count - start)
            let part = images.narrow(0, start..<start + present)
            let copies = (block - present + count - 1) / count
            let filling = Array(repeating: images, count: copies)
            let whole = Tensor.concatenate([part] + filling).narrow(0, 0..<block)
            let found = try program.outputs(of: whole.contiguous(format), isTrial: true)
            parts.append(
                found.map { $0.shape.first == block ? $0.narrow(0, 0..<present) : $0 })
        }
        return (parts.first ?? []).indices.map { index in
            Tensor.concatenate(parts.map { $0[index] })
        }
    }
}

extension String {
    /// What stands behind the first place of a text.
    fileprivate func components(after text: String) -> Substring? {
        firstRange(of: text).map { self[$0.upperBound...] }
    }
}

import CDetection
import Torch

/// What the kernels of `CDetection` need to know about tensors and the processor.
enum BoxKernels {
    /// The threads and instructions that LibTorch's own operators use.
    static var means: cd_means {
        cd_means(
            threads: Int32(clamping: Runtime.threads), instructions: Runtime.instructions)
    }

    /// The type in which kernels compute with boxes; nil where they do not take the tensors.
    static func type(of boxes: Tensor...) -> cd_type? {
        let dtypes = Set(boxes.map(\.dtype))
        guard boxes.allSatisfy({ $0.device == .cpu && !$0.isEmptied }), dtypes.count == 1 else {
            return nil
        }
        switch dtypes.first {
        case .float32: return CD_FLOAT32
        case .float64: return CD_FLOAT64
        default: return nil
        }
    }

    /// The same for maps and logits, which can be of lower precision.
    static func type(ofNumbers dtype: DType) -> cd_type? {
        switch dtype {
        case .float32: CD_FLOAT32
        case .float64: CD_FLOAT64
        case .bfloat16: CD_BFLOAT16
        default: nil
        }
    }

    /// A result on the CPU of whole numbers, filled by a kernel.
    static func integers(_ count: Int, _ fill: (UnsafeMutablePointer<Int64>) -> Int) -> Tensor {
        Tensor(
            [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
                guard let address = buffer.baseAddress else { return }
                filled = fill(address)
            })
    }
}

extension Matcher {
    /// The matches by one pass over the boxes; nil where they are not on the CPU.
    func matchedByKernel(truths: Tensor, predictions: Tensor) -> Matches? {
        guard let type = BoxKernels.type(of: truths, predictions) else { return nil }
        let count = predictions.size(0)
        let truths = truths.contiguous()
        let predictions = predictions.contiguous()
        let matches = Tensor.empty([count], dtype: .int64, device: .cpu)
        let found = Tensor.empty([count], dtype: .int64, device: .cpu)
        withExtendedLifetime((truths, predictions, matches, found)) {
            guard let address = matches.address(), let labelled = found.address() else { return }
            thresholds.withUnsafeBufferPointer { thresholds in
                labels.map(Int64.init).withUnsafeBufferPointer { labels in
                    var matcher = cd_matcher(
                        thresholds: thresholds.baseAddress, labels: labels.baseAddress,
                        threshold_count: Int64(thresholds.count),
                        allows_low_quality: allowsLowQualityMatches)
                    cd_match(
                        type, truths.address(), Int64(truths.size(0)), predictions.address(),
                        Int64(count), &matcher, BoxKernels.means,
                        address.assumingMemoryBound(to: Int64.self),
                        labelled.assumingMemoryBound(to: Int64.self))
                }
            }
        }
        return Matches(truths: matches, labels: found)
    }
}

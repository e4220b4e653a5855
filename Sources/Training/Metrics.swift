import Distillation
import Foundation
import Torch
import TorchNN

/// Sums of an epoch's loss terms and measures, kept on the device.
///
/// A sum comes to be when its term is first met, and stays the same tensor from then on.
package struct TrainingMetrics {
    private var sums: [String: Tensor] = [:]
    private let images: Tensor

    /// How many images there were so far; waits for the device.
    var imageCount: Int { Int(images.item()) }

    /// Adds one step of some images.
    mutating func add(_ terms: LossTerms, total: Tensor, count: Int) {
        withoutGrad {
            var values = terms.terms.map { ($0.name, $0.value.detach() * Double(count)) }
            values.append(("total", total.detach() * Double(count)))
            values += terms.measures.map { ($0.name, $0.value) }
            for (name, value) in values {
                let sum = sums[name] ?? Tensor.zeros([], dtype: .float64, device: value.device)
                sums[name] = sum.add(value)
            }
            images.add(
                Tensor.full([1], Double(count), dtype: .int64, device: images.device))
        }
    }

    /// Starts again from nothing, in the same tensors.
    func reset() {
        withoutGrad { for sum in sums.values + [images] { sum.fillZero() } }
    }

    /// The means over the images so far; waits for the device.
    var means: [String: Double] {
        let count = Double(imageCount)
        return sums.mapValues { $0.item() / count }
    }

    /// The sums, for a checkpoint.
    func stateDict() -> [NamedTensor] {
        sums.sorted { $0.key < $1.key }.map { NamedTensor($0.key, $0.value) }
            + [NamedTensor("images", images)]
    }

    /// Metrics as a checkpoint holds them.
    init(stateDict: [NamedTensor] = [], device: Device = .cpu) {
        for entry in stateDict where entry.name != "images" {
            sums[entry.name] = entry.tensor.to(device)
        }
        images =
            stateDict.first { $0.name == "images" }?.tensor.to(device)
            ?? Tensor.zeros([1], dtype: .int64, device: device)
    }
}

/// The largest resident memory of this process so far, in bytes; 0 where the system does not tell.
public func peakResidentMemory() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
        return 0
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
    return kilobytes.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
}

/// The largest memory that training on a device has taken so far, in bytes.
///
/// - Parameter device: where it ran.
/// - Returns: the resident memory of this process, or the memory of its tensors on a card.
/// - Throws: `OperatorError` where there is no such card.
package func peakMemory(on device: Device) throws -> Int {
    device == .cpu ? peakResidentMemory() : try CUDAMemory(of: device).peak
}

import Foundation
import Torch

/// The name of the processor, or of a card.
package func processorName(of device: Device) -> String {
    if case .cuda(let index) = device, let card = try? CUDACard(index: index) { return card.name }
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
}

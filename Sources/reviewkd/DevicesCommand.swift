import ArgumentParser
import Terminal
import Torch

/// `reviewkd devices`.
struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Show the devices, and why one is missing.")

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Card: Encodable {
        let device: String
        let name: String
        let computeCapability: String
        let multiprocessors: Int
        let memoryBytes: Int

        init(index: Int) throws {
            let card = try CUDACard(index: index)
            device = "\(Device.cuda(index: index))"
            name = card.name
            computeCapability = card.computeCapability
            multiprocessors = card.multiprocessors
            memoryBytes = card.memoryBytes
        }
    }

    private struct Missing: Encodable {
        let device: String
        let reason: String
    }

    private struct Report: Encodable {
        let libtorch = Runtime.version
        let devices: [String]
        let cpuCapability = Runtime.cpuCapability
        let nativeBfloat16 = Runtime.hasNativeBFloat16
        let amxBfloat16 = Processor.current.hasAMX
        let convolution = Processor.current.convolution.rawValue
        let threads = Runtime.threads
        let builtWithCuda = Runtime.isBuiltWithCUDA
        let cards: [Card]
        let missing: [Missing]
    }

    func run() throws {
        let missing = Self.cudaAbsence.map { [Missing(device: "cuda", reason: $0)] } ?? []
        let count = missing.isEmpty ? Runtime.cudaDeviceCount : 0
        let cards = try (0..<count).map { try Card(index: $0) }
        let report = Report(
            devices: ["cpu"] + cards.map(\.device), cards: cards, missing: missing)
        guard !json else {
            try printJSON(report)
            return
        }
        let precision = report.nativeBfloat16 ? "native bfloat16" : "no native bfloat16"
        print("LibTorch \(report.libtorch), \(report.builtWithCuda ? "with" : "without") CUDA")
        print("cpu: \(report.cpuCapability), \(precision), \(report.threads) thread(s)")
        print("cpu: 3×3 convolutions in bfloat16 by \(Self.convolution(on: .current))")
        for card in cards {
            print(
                "\(card.device): \(card.name), \(card.memoryBytes >> 20) MiB, compute capability "
                    + "\(card.computeCapability), \(card.multiprocessors) multiprocessors")
        }
        for device in missing { print("\(device.device): not available: \(device.reason)") }
    }

    private static func convolution(on processor: Processor) -> String {
        switch processor.convolution {
        case .amx: "our own kernel for AMX"
        case .avx512: "our own kernel for AVX512-BF16"
        case .onednn: processor.oneDNNUsesAMX ? "oneDNN, on AMX" : "oneDNN"
        }
    }

    private static var cudaAbsence: String? {
        guard Runtime.isBuiltWithCUDA else {
            return "this program's LibTorch is the one for the CPU; `make build-cuda` makes one "
                + "with CUDA"
        }
        return Runtime.cudaAbsence
    }
}

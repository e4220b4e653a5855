import ArgumentParser
import Basics
import CommandOptions
import NetworkFiles
import TensorFiles
import Terminal
import TorchNN

/// `reviewkd inspect`.
package struct InspectCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a file of weights holds, and which networks it fits.")

    @Argument(help: "The weights: safetensors, or a PyTorch checkpoint.")
    var file: String

    @OptionGroup var weights: WeightsOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    package init() {}

    package func run() throws {
        // What cannot be read is told below, with more to say of folders of runs.
        if let program = try? ProgramFile(file: file) {
            guard json else { return print(program.summary(of: file)) }
            return try printJSON(["form": program.form])
        }
        let found = try WeightsInspection(path: file, key: weights.key)
        guard json else { return show(found) }
        try printJSON(Report(found))
    }

    private struct Report: Encodable {
        struct Tensor: Encodable {
            let key: String?
            let name: String
            let type: String
            let shape: [Int]
        }

        struct Fit: Encodable {
            let model: String
            let classes: Int
        }

        let form: String
        let bytes: Int
        let tensors: [Tensor]
        let fits: [Fit]
        let metadata: [String: String]

        init(_ found: WeightsInspection) {
            form = found.format.rawValue
            bytes = found.byteCount
            tensors = found.tensors.map {
                Tensor(
                    key: $0.key, name: $0.name, type: $0.elementType.rawValue, shape: $0.shape)
            }
            fits = found.fits.map { Fit(model: $0.model, classes: $0.classCount) }
            metadata = found.metadata
        }
    }

    private func show(_ found: WeightsInspection) {
        let size = (Double(found.byteCount) / 1e6).formatted(places: 2)
        let numbers = found.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        print(
            "\(file): \(found.format.rawValue), \(size) MB, \(found.tensors.count) tensors with "
                + "\(numbers) numbers")
        showTensors(found.tensors)
        for (key, value) in found.metadata.sorted(by: { $0.key < $1.key }) {
            print("says \(key): \(value.prefix(200))\(value.count > 200 ? "…" : "")")
        }
        for fit in found.fits {
            print("fits \(fit.model) for \(fit.classCount) classes: give --model \(fit.model)")
        }
        guard let obstacle = found.obstacle else { return }
        print("fits no network of `reviewkd models`; the nearest is \(obstacle.nearest)")
        if obstacle.isFolded {
            print(
                "its batch norms are folded into convolutions, which no network here takes; take the file "
                    + "that it was made of")
        }
        print(obstacle.error.description)
    }

    private func showTensors(_ tensors: [WeightsInspection.TensorInfo]) {
        let width = (tensors.map(\.name.count).max() ?? 0) + 2
        var key: String?
        for tensor in tensors {
            if tensor.key != key, let own = tensor.key { print("under \(own.quoted)") }
            key = tensor.key
            let shape = tensor.shape.map(String.init).joined(separator: ", ")
            let type = tensor.elementType.rawValue
            print("  " + tensor.name.padded(to: width) + "\(type) [\(shape)]")
        }
    }
}

extension ProgramFile {
    /// The name in JSON.
    fileprivate var form: String {
        switch self {
        case .torchScript: "TorchScript"
        case .inductorPackage: "AOTInductor package"
        case .exportedProgram: "torch.export program"
        }
    }

    /// What the file is, and what can be done with it; nothing of it is executed.
    fileprivate func summary(of path: String) -> String {
        switch self {
        case .torchScript, .inductorPackage:
            """
            \(path) is \(name). It holds code of its maker, and none of it was run.
            as a teacher: give \(ShellWord.option("--teacher", path)) --trust-code to `reviewkd distill`, if you trust its maker. \
            Its forward pass has to give (logits, [features…]).
            """
        case .exportedProgram:
            """
            \(path) is \(name). It is not compiled, and none of it was run.
            as a teacher: compile it with torch._inductor.aoti_compile_and_package.
            """
        }
    }
}

import BasicsTestSupport
import Foundation
import Recipes
import Torch
import TorchNN
import VisionModels

/// The PyTorch program that trains in two processes of its own.
enum PyTorchRanks {
    private struct Settings: Encodable {
        let teacher: String
        let student: String
        let weights: [Double]
    }

    /// Lets it train three steps.
    ///
    /// - Parameters:
    ///   - numbers: the networks' state, and images and targets of each whole batch.
    ///   - pair: the networks.
    /// - Returns: the losses, and what learns or normalises after each step, by names.
    /// - Throws: `PythonEnvironment.Failed`, or why files cannot be written and read.
    static func train(_ numbers: [NamedTensor], _ pair: ModelPair) throws -> [String: [Double]] {
        var found: [String: [Double]] = [:]
        try withFolder { path in
            let folder = URL(filePath: path)
            let shapes = numbers.map { "[\"\($0.name)\", \($0.tensor.shape)]" }
            try Data("[\(shapes.joined(separator: ", "))]".utf8)
                .write(to: folder.appending(path: "numbers.json"))
            var bytes = Data()
            for entry in numbers {
                entry.tensor.detach().to(.float64).contiguous().elements(as: Double.self)
                    .withUnsafeBytes { bytes.append(contentsOf: $0) }
            }
            try bytes.write(to: folder.appending(path: "numbers.bin"))
            let settings = Settings(
                teacher: "\(pair.teacher)", student: "\(pair.student)", weights: [1, 1, 1])
            try JSONEncoder().encode(settings).write(to: folder.appending(path: "settings.json"))
            _ = try PythonEnvironment.run("two_ranks.py", [path], beside: #filePath)
            let names = try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.appending(path: "found.json")))
            let elements = try Data(contentsOf: folder.appending(path: "found.bin"))
                .withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
            var start = 0
            for entry in names as? [[Any]] ?? [] {
                guard let name = entry.first as? String, let count = entry.last as? Int else {
                    continue
                }
                found[name] = Array(elements[start..<(start + count)])
                start += count
            }
        }
        return found
    }
}

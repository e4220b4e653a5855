import Foundation
import Torch

/// The virtual environment with onnxruntime and PyTorch, where `Scripts/export_environment.sh` has made it.
enum PythonEnvironment {
    /// A script that ended with another status than 0.
    struct Failed: Error, CustomStringConvertible {
        let script: String
        let errors: String

        var description: String { "\(script) failed: \(errors)" }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let python = root.appending(path: ".venv-export/bin/python").path

    /// Whether it is there; says so where it is not.
    static func isThere(for test: String) -> Bool {
        if FileManager.default.isExecutableFile(atPath: python) { return true }
        print("\(test): not run, \(python) is lacking; make it with Scripts/export_environment.sh")
        return false
    }

    /// Runs a script beside these tests.
    ///
    /// - Parameters:
    ///   - script: its name.
    ///   - arguments: what it takes.
    /// - Returns: its standard output.
    /// - Throws: `Failed`, or why the process cannot be started.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments =
            [folder.appending(path: "Python/\(script)").path] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(script: script, errors: String(decoding: complaints, as: UTF8.self))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Tensor {
    /// Writes float32 elements as raw bytes.
    func write(to path: String) throws {
        try Data(bytes()).write(to: URL(filePath: path))
    }

    /// Reads float32 elements of raw bytes, `[N, columns]`.
    static func read(_ path: String, columns: Int) throws -> Tensor {
        let data = try Data(contentsOf: URL(filePath: path))
        return Tensor(bytes: data, dtype: .float32, shape: [data.count / 4 / columns, columns])
    }
}

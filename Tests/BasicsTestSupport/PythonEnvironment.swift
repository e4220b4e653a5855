import Foundation
import Synchronization

/// The virtual environment with onnxruntime and PyTorch, where `Scripts/export_environment.sh` has made it.
package enum PythonEnvironment {
    /// A script that ended with another status than 0.
    package struct Failed: Error, CustomStringConvertible {
        let script: String
        let errors: String

        package var description: String { "\(script) failed: \(errors)" }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let python = root.appending(path: ".venv-export/bin/python").path

    /// Whether it is there; says so where it is not.
    package static func isThere(for test: String) -> Bool {
        if FileManager.default.isExecutableFile(atPath: python) { return true }
        print("\(test): not run, \(python) is lacking; make it with Scripts/export_environment.sh")
        return false
    }

    private static let interpreter = Mutex<Interpreter?>(nil)

    /// Runs a script that lies beside tests, in the one process that runs them all.
    ///
    /// - Parameters:
    ///   - script: its name.
    ///   - arguments: what it takes.
    ///   - tests: a file of the tests, in the folder of the folder `Python`.
    /// - Returns: its standard output.
    /// - Throws: `Failed`, or why the process cannot be started.
    package static func run(
        _ script: String, _ arguments: [String], beside tests: String = #filePath
    ) throws -> String {
        let path = URL(filePath: tests).deletingLastPathComponent()
            .appending(path: "Python/\(script)").path
        return try interpreter.withLock { interpreter in
            let running = try interpreter ?? Interpreter(python)
            interpreter = running
            guard let answer = try running.answer(to: [path] + arguments) else {
                interpreter = nil
                throw Failed(script: script, errors: "the process ended")
            }
            if let error = answer["error"] { throw Failed(script: script, errors: error) }
            return answer["output"] ?? ""
        }
    }

    /// A process that runs scripts one after another, so that PyTorch is loaded once.
    private final class Interpreter: @unchecked Sendable {
        private let process = Process()
        private let (input, output) = (Pipe(), Pipe())

        init(_ python: String) throws {
            process.executableURL = URL(filePath: python)
            process.arguments = [
                URL(filePath: #filePath).deletingLastPathComponent()
                    .appending(path: "Python/run_scripts.py").path
            ]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// What the process says of a script; nil where it has ended.
        func answer(to command: [String]) throws -> [String: String]? {
            try input.fileHandleForWriting.write(
                contentsOf: JSONSerialization.data(withJSONObject: command) + Data("\n".utf8))
            var line = Data()
            while line.last != UInt8(ascii: "\n") {
                let more = output.fileHandleForReading.availableData
                guard !more.isEmpty else { return nil }
                line += more
            }
            return try JSONDecoder().decode([String: String].self, from: line)
        }
    }
}

import Foundation

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

    /// Runs a script that lies beside tests.
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
        let folder = URL(filePath: tests).deletingLastPathComponent()
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

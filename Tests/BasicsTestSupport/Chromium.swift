import Foundation

/// A headless Chromium that Python scripts beside tests drive.
package enum Chromium {
    /// A script whose checks failed.
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    private static let program =
        ["chromium-headless-shell", "chromium", "google-chrome"].lazy.compactMap(find).first

    private static let python = find("python3")

    /// Whether Chromium and Python are installed; says so where one is not.
    package static func isThere(for test: String) -> Bool {
        for (path, name) in [(program, "Chromium"), (python, "python3")] where path == nil {
            print("\(test): not run, \(name) is not installed; Scripts/test_tools.sh installs it")
        }
        return program != nil && python != nil
    }

    /// Runs a script with the browser as its first argument.
    ///
    /// - Parameters:
    ///   - script: its path beside the tests.
    ///   - arguments: what else it takes.
    ///   - tests: a file of the tests.
    /// - Returns: what it measured, which is also printed.
    /// - Throws: `Failed` with what it wrote, or why the process cannot be started.
    package static func run(
        _ script: String, _ arguments: [String], beside tests: String = #filePath
    ) throws -> String {
        guard let python, let program else { throw Failed(description: "nothing is installed") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: python)
        process.arguments =
            [
                URL(filePath: tests).deletingLastPathComponent().appending(path: script).path,
                program,
            ] + arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: text) }
        print(text)
        return text
    }

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

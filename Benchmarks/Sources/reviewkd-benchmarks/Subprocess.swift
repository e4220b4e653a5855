import Foundation
import Synchronization

/// A program to run from the root of the checkout.
struct Command {
    let executable: String
    var arguments: [String]

    /// What the program's environment has beside that of this one.
    var environment: [String: String] = [:]

    /// Longer names that a reader needs not see, and what stands for them in the record.
    var abbreviations: [(text: String, name: String)] = []

    /// The command for the record.
    var text: String {
        let variables = environment.map { "\($0)=\($1)" }.sorted()
        let words = variables + [executable] + arguments
        return abbreviations.reduce(words.joined(separator: " ")) {
            $0.replacingOccurrences(of: $1.text, with: $1.name)
        }
    }

    /// Runs the program to its end.
    ///
    /// - Parameter threads: what OpenMP may use at most.
    /// - Returns: its standard output and the milliseconds from its start to its end.
    /// - Throws: `BenchmarkError.failed` with the last lines of its standard error.
    func run(threads: Int? = nil) throws -> (output: String, milliseconds: Double) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let threads { environment["OMP_NUM_THREADS"] = "\(threads)" }
        process.environment = environment
        // A file, so that a program with much to say on it does not wait for a reader.
        let errors = FileManager.default.temporaryDirectory.appending(
            component: "reviewkd-benchmarks-\(UUID().uuidString).log")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        let start = ContinuousClock.now
        try process.run()
        Interruption.running.store(process.processIdentifier, ordering: .relaxed)
        defer { Interruption.running.store(0, ordering: .relaxed) }
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let duration = ContinuousClock.now - start
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let lines = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
                .split(separator: "\n").suffix(8).joined(separator: "\n")
            throw BenchmarkError.failed(
                command: text, status: process.terminationStatus, lines: lines)
        }
        return (String(decoding: output, as: UTF8.self), duration / .milliseconds(1))
    }
}

/// What can end a benchmark.
enum BenchmarkError: Error, CustomStringConvertible {
    case failed(command: String, status: Int32, lines: String)
    case unexpected(command: String, expected: String, found: String)
    case missing(path: String, remedy: String)

    var description: String {
        switch self {
        case .failed(let command, let status, let lines):
            "\(command): expected exit status 0, found \(status); what was measured so far is "
                + "kept, run this again to go on\n\(lines)"
        case .unexpected(let command, let expected, let found):
            "\(command): expected \(expected), found \(found)"
        case .missing(let path, let remedy):
            "\(path): expected this file, found none; \(remedy)"
        }
    }
}

import Foundation

/// The program under test, as it was built beside these tests.
enum Tool {
    /// The program was not built.
    struct Missing: Error, CustomStringConvertible {
        let path: String

        var description: String {
            "\(path) should be the built program, but is not there; run `swift build` first"
        }
    }

    static func path() throws -> String {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let path = tests.deletingLastPathComponent().appendingPathComponent("reviewkd").path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
        return path
    }
}

/// How a process ended and what it wrote.
struct Outcome {
    /// The exit status, or 128 and the signal that ended the process, as shells have it.
    let status: Int32
    let output: String
    let errors: String

    /// The line of the error, which notes may precede.
    var sentence: String {
        let line = errors.split(separator: "\n").first { $0.hasPrefix("Error: ") }
        return line.map(String.init) ?? "no error in: \(errors)"
    }

    /// The one JSON object that standard output holds.
    func json() throws -> [String: Any] {
        struct NotOneObject: Error { let output: String }
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
        guard let object = object as? [String: Any], output.split(separator: "\n").count == 1 else {
            throw NotOneObject(output: output)
        }
        return object
    }
}

/// The program while it runs.
final class RunningTool {
    private let process = Process()
    private let streams: [URL]

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - folder: its working folder.
    ///   - environment: what is added to that of the tests.
    ///   - fileBlocks: how many blocks of 512 bytes a file may have; a write beyond them fails.
    ///   - script: what bash does instead of running the program alone, which it finds in `"$@"`.
    ///   - terminal: what takes standard error instead of a file.
    ///   - output: what takes standard output instead of a file.
    ///   - controls: whether the terminal takes all three streams and controls the program, so that it is told
    ///     when the terminal is closed.
    /// - Throws: `Tool.Missing`, or why the process cannot be started.
    init(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:],
        fileBlocks: Int? = nil, script: String? = nil, terminal: FileHandle? = nil,
        output: FileHandle? = nil, controls: Bool = false
    ) throws {
        // Files, because a pipe that nobody empties would stop the program.
        let name = UUID().uuidString
        streams = ["out", "err"].map {
            FileManager.default.temporaryDirectory.appendingPathComponent("\(name).\($0)")
        }
        for stream in streams { try Data().write(to: stream) }
        var command = [try Tool.path()] + arguments
        if let fileBlocks {
            let script = "trap '' XFSZ; ulimit -f \(fileBlocks); exec \"$@\""
            command = ["/bin/sh", "-c", script, "sh"] + command
        }
        if let script { command = ["/bin/bash", "-c", script, "bash"] + command }
        if controls { command = ["/usr/bin/setsid", "--ctty", "--wait"] + command }
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment
            .merging(["OMP_NUM_THREADS": "1"]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = (controls ? terminal : nil) ?? FileHandle.nullDevice
        process.standardOutput =
            try output ?? (controls ? terminal : nil) ?? FileHandle(forWritingTo: streams[0])
        process.standardError = try terminal ?? FileHandle(forWritingTo: streams[1])
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for stream in streams { unlink(stream.path) }
    }

    var isRunning: Bool { process.isRunning }

    var processIdentifier: Int32 { process.processIdentifier }

    /// What it wrote to standard output so far.
    func outputSoFar() throws -> String { try String(contentsOf: streams[0], encoding: .utf8) }

    /// What it wrote to standard error so far.
    func errorsSoFar() throws -> String { try String(contentsOf: streams[1], encoding: .utf8) }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end.
    func outcome() throws -> Outcome {
        process.waitUntilExit()
        let isSignalled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: process.terminationStatus + (isSignalled ? 128 : 0),
            output: try String(contentsOf: streams[0], encoding: .utf8),
            errors: try String(contentsOf: streams[1], encoding: .utf8))
    }
}

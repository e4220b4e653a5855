import BenchmarkReport
import Foundation

/// What runs the programs, and which code they are.
struct Machine {
    /// Processor, its kind or the GPU's name, cores and memory.
    let text: String

    /// The code that is measured.
    let revision: String

    /// Looks around.
    ///
    /// - Parameter device: where steps are computed.
    /// - Throws: what reading `/proc` throws, or a GPU that `nvidia-smi` does not find.
    init(device: String) throws {
        let processor = try Self.value(of: "model name", in: "/proc/cpuinfo") ?? "unknown processor"
        let gibibytes = Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824
        let kind: String
        if device.hasPrefix("cuda") {
            let index = device.split(separator: ":").dropFirst().first.map(String.init) ?? "0"
            kind = try Self.output(
                "nvidia-smi", ["--query-gpu=name", "--format=csv,noheader", "-i", index])
        } else {
            let flags = try Self.value(of: "flags", in: "/proc/cpuinfo") ?? ""
            kind =
                ProcessorKind(flags: Set(flags.split(separator: " ").map(String.init))).rawValue
        }
        text = [
            processor, kind, "\(ProcessInfo.processInfo.activeProcessorCount) cores",
            "\(Int(gibibytes.rounded())) GiB",
        ].joined(separator: ", ")
        revision = try Self.findRevision()
    }

    /// Tasks that were ready to run in the last minute.
    static func load() throws -> Double {
        let text = try String(contentsOfFile: "/proc/loadavg", encoding: .utf8)
        return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// The last commit that changed a measured program, and a digest of what is not committed.
    ///
    /// Results are committed between two runs, so the newest commit would not do.
    private static func findRevision() throws -> String {
        guard FileManager.default.fileExists(atPath: ".git") else { return "unversioned" }
        let paths = ["--", "Package.swift", "Sources", "Benchmarks/pytorch_step.py"]
        let commit = try output("git", ["log", "-1", "--format=%h"] + paths)
        let changes = try output("git", ["diff", "HEAD"] + paths)
        guard !changes.isEmpty else { return commit }
        return "\(commit)+\(digest(changes))"
    }

    /// 32 bits of FNV-1a: enough to tell one state of a working tree from the next.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return String(hash, radix: 16)
    }

    private static func value(of name: String, in path: String) throws -> String? {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix(name) }?
            .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    }

    private static func output(_ program: String, _ arguments: [String]) throws -> String {
        try Command(executable: "/usr/bin/env", arguments: [program] + arguments).run().output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

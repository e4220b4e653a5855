import Foundation
import Testing

extension CommandLineSuite {
    @Suite("Completions and the manual page")
    struct CompletionTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// Each shell reads its own, and completes a command's name where it can be asked to.
        @Test(
            "load in their shell",
            arguments: [
                (
                    "bash",
                    "source FILE && COMP_WORDS=(reviewkd dist) COMP_CWORD=1 COMP_LINE='reviewkd dist' "
                        + "COMP_POINT=13 && _reviewkd && echo \"${COMPREPLY[*]}\"", "distill"
                ),
                (
                    "zsh", "autoload -U compinit; compinit -u -D; source FILE; whence -w _reviewkd",
                    "function"
                ),
                ("fish", "source FILE; complete -C 'reviewkd dist'", "distill"),
            ])
        func shells(_ shell: String, _ script: String, _ expected: String) throws {
            guard let program = Self.program(shell) else {
                return print("skipped: \(shell) is not installed, whose completions it would load")
            }
            let outcome = try workshop.run(["completions", shell])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let file = workshop.fresh(shell)
            try workshop.write(Data(outcome.output.utf8), to: file)
            let (status, output) = try Self.run(
                program, ["-c", script.replacing("FILE", with: workshop.url(file).path)])
            #expect(status == 0)
            #expect(output.contains(expected), "\(output)")
        }

        @Test("pass mandoc's lint, and name every command")
        func manual() throws {
            guard let mandoc = Self.program("mandoc") else {
                return print("skipped: mandoc is not installed, which would check the manual page")
            }
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let (status, page) = try Self.run(
                root.appendingPathComponent("Scripts/manual.py").path, [Tool.path()])
            #expect(status == 0)
            let file = workshop.fresh("manual") + ".1"
            try workshop.write(Data(page.utf8), to: file)
            let (lint, findings) = try Self.run(
                mandoc, ["-T", "lint", "-W", "warning", workshop.url(file).path])
            #expect(lint == 0, "\(findings)")
            for command in ["distill", "runs export", "coco show", "completions"] {
                #expect(page.contains(".Ss \"reviewkd \(command)\""))
            }
        }

        private static func program(_ name: String) -> String? {
            ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + name }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
        }

        private static func run(
            _ program: String, _ arguments: [String]
        ) throws -> (Int32, String) {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }
}

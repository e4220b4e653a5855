import Foundation
import Testing

@testable import Basics

@Suite("A word for a shell")
struct ShellWordTests {
    @Test(
        "is read by a shell as the text that it was",
        arguments: [
            "plain", "a b", "it's", "'", "\"x\"", "$HOME `id` \\", "*", "~", "#a", "", "-x",
            "a;b&c|d", "é", "runs/a-b_c.pth", "!x",
        ])
    func readBack(text: String) throws {
        for form in [ShellWord.of(text), ShellWord.option("--key", text)] {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "printf '%s\\n' \(form)"]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let found = String(
                decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            let option = text.hasPrefix("-") ? "--key=\(text)\n" : "--key\n\(text)\n"
            #expect(found == (form.hasPrefix("--key") ? option : "\(text)\n"), "\(form)")
        }
    }

    @Test("stands without quotation marks where it needs none")
    func plain() {
        #expect(ShellWord.option("--weights-key", "model.ema") == "--weights-key model.ema")
        #expect(ShellWord.of("runs/a-b_c.pth") == "runs/a-b_c.pth")
    }

    @Test("does not steer a terminal")
    func control() {
        #expect(!ShellWord.of("a\u{1B}[2Jb").unicodeScalars.contains("\u{1B}"))
    }
}

import Foundation
import Testing

/// `Scripts/needed.sh`, with which `make build-cuda` checks that the picture libraries are in the program.
@Suite("Libraries that a program needs")
struct NeededLibrariesTests {
    private func check(_ program: String) throws -> (status: Int32, sentence: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let (process, errors) = (Process(), Pipe())
        process.executableURL = root.appending(components: "Scripts", "needed.sh")
        process.arguments = [program]
        process.standardError = errors
        try process.run()
        let sentence = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: sentence, as: UTF8.self))
    }

    @Test("A program that needs the C library alone passes")
    func plain() throws {
        let found = try check("/bin/sh")
        #expect(found.status == 0 && found.sentence.isEmpty, "\(found)")
    }

    @Test("A library that other machines lack is named")
    func foreign() throws {
        // These tests need Swift's own shared libraries, as the program does where it is not linked for other machines.
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let found = try check(program.path)
        #expect(found.status == 1, "\(found)")
        #expect(found.sentence.hasPrefix("error: \(program.path): expected to need only "))
        #expect(found.sentence.contains("libswiftCore.so"))
        #expect(!found.sentence.contains("libstdc++.so") && !found.sentence.contains("libtorch"))
        #expect(found.sentence.hasSuffix("; link what these are by their static archives\n"))
    }
}

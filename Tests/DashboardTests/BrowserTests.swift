import Foundation
import Testing

@Suite("The dashboard in a browser")
struct BrowserTests {
    @Test("In Chromium curves grow, all controls have keys, and a phone's width holds the page")
    func browser() throws {
        let names = ["chromium-headless-shell", "chromium", "google-chrome"]
        guard let browser = names.lazy.compactMap(Self.find).first else {
            return print("skipped: Chromium is not installed, in which the dashboard would open")
        }
        guard let python = Self.find("python3") else {
            return print("skipped: python3 is not installed, which would drive Chromium")
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("browser.py").path, browser, Trial.program,
        ]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        print(text)
        #expect(process.terminationStatus == 0, "\(text)")
    }

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

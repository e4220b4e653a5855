import BasicsTestSupport
import Foundation
import Testing

@testable import EventFiles

@Suite("Event files of TensorBoard")
struct EventFileTests {
    /// RFC 3720, appendix B.4.
    @Test(
        "The checksum is CRC-32C",
        arguments: [
            ([UInt8](repeating: 0, count: 32), UInt32(0x8A91_36AA)),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E),
            ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
            ([UInt8]("123456789".utf8), 0xE306_9283),
        ] as [([UInt8], UInt32)])
    func checksum(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(MaskedChecksum.crc32c(Data(bytes)) == expected)
    }

    /// The stock package reads every number back; it thins only where it is not told otherwise.
    @Test("The tensorboard package reads back every scalar that was written")
    func readBack() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let python = root + "/.venv-tensorboard/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            return print(
                "skipped: .venv-tensorboard is missing, whose tensorboard would read the events; "
                    + "Scripts/tensorboard_environment.sh makes it")
        }
        try withFolder { folder in
            let file = try EventFile(in: folder + "/run")
            let count = 20_000
            for step in 1...count {
                try file.add(
                    scalars: [("step/loss", 1 / Double(step)), ("train/top1", Double(step))],
                    step: step)
            }
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = [
                root + "/Tests/EventFilesTests/read_events.py", folder + "/run",
            ]
            process.standardOutput = pipe
            try process.run()
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let read = try JSONDecoder().decode([String: [[Double]]].self, from: output)
            #expect(Set(read.keys) == ["step/loss", "train/top1"])
            #expect(
                read["step/loss"]
                    == (1...count).map { [Double($0), Double(Float(1 / Double($0)))] })
            #expect(read["train/top1"] == (1...count).map { [Double($0), Double($0)] })
        }
    }

    @Test("A folder that cannot be written is an error that names it")
    func unwritable() {
        #expect(throws: (any Error).self) { try EventFile(in: "/proc/none/run") }
    }
}

import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("A full disk")
    struct FullDiskTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        @Test("is found before the first step")
        func beforeFirstStep() throws {
            try withSmallDisk(bytes: 1 << 20) { disk in
                let outcome = try workshop.run(workshop.distill(to: disk + "/run"))
                #expect(outcome.status == 1)
                #expect(outcome.sentence.contains("\(disk)/run has too little space"))
                #expect(outcome.sentence.contains("MiB are free"))
                try #expect(workshop.checkpoints(disk + "/run").isEmpty)
            }
        }

        @Test("is found before a resumed run's first step, and it goes on when there is space")
        func beforeResuming() throws {
            try withSmallDisk(bytes: 8 << 20) { disk in
                let output = disk + "/run"
                try #expect(
                    workshop.run(workshop.distill(to: output) + ["--max-steps", "3"]).status == 0)
                try workshop.write(Data(count: 4 << 20), to: disk + "/ballast")
                let before = try workshop.contents(output)
                let outcome = try workshop.run(workshop.distill(to: output) + ["--resume"])
                #expect(outcome.status == 1)
                #expect(outcome.sentence.contains("has too little space"), "\(outcome.errors)")
                try #expect(workshop.contents(output) == before)
                unlink(workshop.url(disk + "/ballast").path)
                try expectFinish(output)
            }
        }

        @Test("in the middle of a checkpoint costs no earlier one")
        func whileWriting() throws {
            let output = workshop.fresh("limited")
            try #expect(
                workshop.run(workshop.distill(to: output) + ["--max-steps", "3"]).status == 0)
            let before = try workshop.contents(output)
            // Files may have 600 KiB: enough for the weights, too little for a checkpoint.
            let limited = try workshop.run(
                workshop.distill(to: output) + ["--resume"], fileBlocks: 1200)
            #expect(limited.status == 1)
            #expect(limited.sentence.contains("could not be written: File too large"))
            #expect(limited.sentence.contains("what was saved before is untouched"))
            let after = try workshop.contents(output)
            let checkpoint = try workshop.checkpoint(output).dropFirst(output.count + 1)
            #expect(after[String(checkpoint)] == before[String(checkpoint)])
            #expect(after.keys.sorted() == before.keys.sorted())
            try expectFinish(output)
        }

        /// Gives the test a small disk of its own where this machine lets it mount one.
        private func withSmallDisk(bytes: Int, _ body: (String) throws -> Void) throws {
            let disk = workshop.fresh("disk")
            let path = workshop.url(disk).path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
                let reason = String(cString: strerror(errno))
                print("full disk: not run, a small disk cannot be mounted: \(reason)")
                return
            }
            defer { umount(path) }
            try body(disk)
        }

        private func expectFinish(_ output: String) throws {
            let outcome = try workshop.run(workshop.distill(to: output) + ["--resume"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            try #expect(
                workshop.read(output + "/student-last.safetensors")
                    == workshop.read(workshop.reference + "/student-last.safetensors"))
        }
    }
}

import Foundation
import Testing

extension WholeRunsSuite {
    @Suite("Speed and memory")
    struct SpeedTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// The peak is what the kernel counts for the whole process, so that growth cannot hide
        /// between two readings.
        @Test("Memory stays flat from step 200 to step 1,000")
        func flatMemory() throws {
            let data = workshop.fresh("many")
            try workshop.write(
                SmallData.records(400, seed: 3), to: data + "/cifar-100-binary/train.bin")
            try workshop.write(
                SmallData.records(16, seed: 4), to: data + "/cifar-100-binary/test.bin")
            let output = workshop.fresh("long")
            let outcome = try workshop.run([
                "distill", "pair.yaml", "--teacher", workshop.teacher, "--data", data, "--output",
                output, "--quiet", "--epochs", "5", "--set", "batch_size=2",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let peaks = try workshop.metrics(output).map {
                (step: $0["step"] as? Int ?? 0, bytes: $0["peak_memory_bytes"] as? Int ?? 0)
            }
            let early = try #require(peaks.first { $0.step == 200 })
            let late = try #require(peaks.first { $0.step == 1000 })
            #expect(early.bytes > 0)
            #expect(late.bytes - early.bytes < 4 << 20, "from \(early.bytes) to \(late.bytes)")
        }

        @Test("More threads than processors are noted once")
        func threads() throws {
            let count = ProcessInfo.processInfo.activeProcessorCount
            let outcome = try workshop.run([
                "train", "pair.yaml", "--data", "data", "--set", "precision=null", "--max-steps",
                "1", "--output", workshop.fresh("threads"), "--threads", "\(count + 1)",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let notes = outcome.errors.matches(of: /threads share \d+ processor/)
            #expect(notes.count == 1, "\(outcome.errors)")
        }

        @Test("Without AVX-512 float32 is the default, and bfloat16 works with a note")
        func withoutAVX512() throws {
            let lesser = ["ATEN_CPU_CAPABILITY": "default"]
            let bench = ["bench", "pair.yaml", "--batch-size", "2", "--steps", "1"]
            let note = "note: without AVX512-BF16 (found: DEFAULT) bfloat16 is emulated and slow; "
            let emulated = try workshop.run(
                bench + ["--precision", "bfloat16"], environment: lesser)
            #expect(emulated.status == 0, "\(emulated.errors)")
            #expect(emulated.errors.hasPrefix(note))

            let output = workshop.fresh("plain")
            let open = workshop.fresh("open") + ".yaml"
            let text = Workshop.recipe.replacingOccurrences(of: "precision: float32\n", with: "")
            try workshop.write(Data(text.utf8), to: open)
            var arguments = workshop.distill(to: output) + ["--max-steps", "1"]
            arguments[1] = open
            let trained = try workshop.run(arguments, environment: lesser)
            #expect(trained.status == 0, "\(trained.errors)")
            #expect(!trained.errors.contains("note: without"))
            let recipe = String(decoding: try workshop.read(output + "/recipe.yaml"), as: UTF8.self)
            #expect(recipe.contains("precision: float32"))
        }

        @Test("Kernels are timed for each convolution once, and the fastest is named")
        func kernels() throws {
            let report = try workshop.run([
                "bench", "pair.yaml", "--kernels", "--set", "student.model=MobileNetV2",
                "--batch-size", "2", "--steps", "1", "--json",
            ]).json()
            let lines = try #require(report["shapes"] as? [[String: Any]])
            var seen: Set<String> = []
            for line in lines {
                let shape = try #require(line["shape"] as? String)
                let direction = try #require(line["direction"] as? String)
                #expect(seen.insert("\(shape) \(direction)").inserted)
                let times = try #require(line["milliseconds"] as? [String: Double])
                #expect(times["onednn"] != nil && times.values.allSatisfy { $0 > 0 })
                #expect(line["winner"] as? String == times.min { $0.value < $1.value }?.key)
                #expect(!shape.hasSuffix(", depthwise") || times["amx"] == nil)
            }
            // The last layers of MobileNetV2 at half width, and of the teacher.
            #expect(seen.contains("2x480x2x2 -> 480, 3x3, stride 1, depthwise forward"), "\(seen)")
            #expect(seen.contains("2x64x8x8 -> 64, 3x3, stride 1 backward-weight"))
        }

        @Test("With --deterministic a run has the same bytes as without on the CPU")
        func deterministic() throws {
            let output = workshop.fresh("deterministic")
            let outcome = try workshop.run(workshop.distill(to: output) + ["--deterministic"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let weights = "/student-last.safetensors"
            #expect(
                try workshop.read(output + weights)
                    == workshop.read(workshop.reference + weights))
        }
    }
}

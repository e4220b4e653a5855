import Foundation
import Testing

extension CommandLineSuite {
    @Suite("The recipes of ImageNet")
    struct ImageNetRecipesTests {
        private let studio: PhotoStudio
        private var workshop: Workshop { studio.workshop }

        init() throws { studio = try PhotoStudio.shared() }

        private func run(_ arguments: [String], to output: String) throws -> Outcome {
            try workshop.run(
                arguments + [
                    "--data", "photos", "--output", output, "--set", "dataset.image_size=32",
                    "--set", "batch_size=8", "--max-steps", "1", "--quiet",
                ])
        }

        @Test("train a teacher on a folder of photographs, and every form of its pair from it")
        func onPhotographs() throws {
            let teacher = workshop.fresh("photo-teacher")
            let trained = try run(["train", "imagenet/ResNet34-short"], to: teacher)
            #expect(trained.status == 0, "\(trained.errors)")
            for name in [
                "ResNet34-ResNet18", "ResNet34-MobileNetV1-short", "ResNet34-ResNet18-modern",
            ] {
                let output = workshop.fresh("photo-student")
                let taught = try run(
                    [
                        "distill", "imagenet/\(name)", "--teacher",
                        "\(teacher)/student-last.safetensors",
                    ], to: output)
                #expect(taught.status == 0, "\(taught.errors)")
                let isAveraged = workshop.exists(output + "/student-ema.safetensors")
                #expect(isAveraged == name.hasSuffix("modern"))
                let judged = try workshop.run([
                    "evaluate", "\(output)/student-last.safetensors", "--model",
                    name.contains("ResNet18") ? "imagenet-ResNet18" : "imagenet-MobileNetV1",
                    "--dataset", "folder", "--data", "photos", "--json",
                ])
                #expect(try judged.json()["count"] as? Int == 12)
            }
        }

        @Test("step at the recipe's size of images in `bench`")
        func bench() throws {
            let recipe = try workshop.run([
                "recipes", "show", "imagenet/ResNet34-ResNet18-short",
            ]).output
            #expect(recipe.contains("image_size: 128"))
            func memory(_ size: Int) throws -> Double {
                let file = workshop.fresh("size") + ".yaml"
                let text = recipe.replacing("image_size: 128", with: "image_size: \(size)")
                try workshop.write(Data(text.utf8), to: file)
                let report = try workshop.run([
                    "bench", file, "--work", "evaluate", "--batch-size", "8", "--steps", "1",
                    "--threads", "1", "--precision", "float32", "--json",
                ]).json()
                return try #require(report["peak_memory_bytes"] as? Double)
            }
            #expect(try memory(256) > memory(32) + 50e6)
        }
    }
}

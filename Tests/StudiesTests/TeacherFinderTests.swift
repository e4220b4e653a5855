import Foundation
import Testing
import VisionData
import VisionModels

@testable import Recipes
@testable import RunRecords
@testable import Studies
@testable import Training

@Suite("Teachers in a folder")
struct TeacherFinderTests {
    @Test(
        "A teacher is found under the names that toolkits give it",
        arguments: [
            (["resnet8.pth"], Architecture.resnet8, "resnet8.pth"),
            (["ResNet8.pth"], .resnet8, "ResNet8.pth"),
            (["resnet50.pt"], .resNet50, "resnet50.pt"),
            (
                ["resnet8.pt", "RESNET8.safetensors", "resnet8.safetensors"], .resnet8,
                "resnet8.safetensors"
            ),
            (
                ["resnet8_vanilla/ckpt_epoch_240.pth"], .resnet8,
                "resnet8_vanilla/ckpt_epoch_240.pth"
            ),
            (
                [
                    "wrn_40_2_vanilla/ckpt_epoch_40.pth", "wrn_40_2_vanilla/ckpt_epoch_240.pth",
                    "wrn_40_2_vanilla/wrn_40_2_best.pth", "wrn_40_2_vanilla/log.txt",
                ], .wideResNet40x2, "wrn_40_2_vanilla/ckpt_epoch_240.pth"
            ),
            (
                ["vgg13_vanilla/vgg13_best.pth", "vgg13_vanilla/vgg13_last.pth"], .vgg13,
                "vgg13_vanilla/vgg13_last.pth"
            ),
            (["vgg8/student_best"], .vgg8, nil),
            (["vgg8/vgg8_best.pth"], .vgg8, "vgg8/vgg8_best.pth"),
            (["cifar100_resnet56-f2eff4c8.pt"], .resnet56, "cifar100_resnet56-f2eff4c8.pt"),
            (["resnet32x4.pth.tar"], .resnet32x4, "resnet32x4.pth.tar"),
            (
                ["resnet56/student-last.safetensors", "resnet56/recipe.yaml"], .resnet56,
                "resnet56/student-last.safetensors"
            ),
            (
                ["cifar10_resnet56-4bfd9763.pt", "cifar100_resnet56-f2eff4c8.pt"], .resnet56,
                "cifar100_resnet56-f2eff4c8.pt"
            ),
            (["cifar10_resnet56-4bfd9763.pt"], .resnet56, nil),
            (["resnet56_CIFAR-10.pt", "resnet56_a.pt"], .resnet56, "resnet56_a.pt"),
            (["resnet18-imagenet.pth"], .resNet18, nil),
            (["imagenet-ResNet18.pth"], .resNet18, nil),
            (["imagenet-ResNet18.pth"], .imagenetResNet18, "imagenet-ResNet18.pth"),
            (
                ["imagenet_resnet18-f37072fd.pth", "resnet18_b.pth"], .resNet18, "resnet18_b.pth"
            ),
            (["resnet56/cifar10_last.pt"], .resnet56, nil),
            (["WRN-40-2.pth"], .wideResNet40x2, "WRN-40-2.pth"),
            (["WRN-40-2.pth", "wrn40_2_best.pth"], .wideResNet40x1, nil),
            (["ResNet-56.pth"], .resnet56, "ResNet-56.pth"),
            (["my_mobilenet_v2.pt"], .mobileNetV2, "my_mobilenet_v2.pt"),
            (["shuffle-v1.pt"], .shuffleV1, "shuffle-v1.pt"),
            (["resnet-32x4_run.pt"], .resnet32x4, "resnet-32x4_run.pt"),
            (["resnet-8x4.pth"], .resnet8x4, "resnet-8x4.pth"),
            (["resnet-8-x4.pth"], .resnet8, nil),
            (["ResNet-8x4.pth"], .resnet8, nil),
            (["WRN-40-2_to_WRN-16-2.pth"], .wideResNet16x2, nil),
            (["resnet8x4.pth"], .resnet8, nil),
            (["S-resnet8_T-resnet56/last.pth"], .resnet8, nil),
            (["wrn_40_2.pth"], .wideResNet40x1, nil),
            (["resnet8.txt", "resnet8.onnx"], .resnet8, nil),
            ([], .resnet8, nil),
        ] as [([String], Architecture, String?)])
    func finds(files: [String], model: Architecture, expected: String?) throws {
        try withFolder(of: files) { folder in
            let found = try TeacherFinder(folder: folder, dataset: .cifar100)
                .file(of: model)
            #expect(found == expected.map { "\(folder)/\($0)" })
        }
    }

    @Test("Files that are equally likely are an error that names them")
    func ambiguous() throws {
        try withFolder(of: ["resnet8_a.pth", "resnet8_b.pth"]) { folder in
            let expected = StudyError.severalTeachers(
                model: "resnet8", files: ["\(folder)/resnet8_a.pth", "\(folder)/resnet8_b.pth"])
            #expect(throws: expected) {
                try TeacherFinder(folder: folder, dataset: .cifar100)
                    .file(of: .resnet8)
            }
            #expect(expected.description.contains("Rename the right one to resnet8.pth"))
        }
    }

    private func withFolder(of files: [String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            component: "reviewkd-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in files {
            let url = folder.appending(path: file)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: url)
        }
        try body(folder.path)
    }
}

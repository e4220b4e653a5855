import Basics
import Foundation
import RecipeSyntax

extension Recipe {
    // SwiftPM derives these constants from file names without their folders, so two files of one
    // name in different folders do not build.
    private static let files: [(name: String, bytes: [UInt8])] = [
        ("cifar100/ResNet50", PackageResources.ResNet50_yaml),
        ("cifar100/ResNet50-MobileNetV2", PackageResources.ResNet50_MobileNetV2_yaml),
        ("cifar100/ResNet50-MobileNetV2-short", PackageResources.ResNet50_MobileNetV2_short_yaml),
        ("cifar100/ResNet50-short", PackageResources.ResNet50_short_yaml),
        ("cifar100/resnet110", PackageResources.resnet110_yaml),
        ("cifar100/resnet110-resnet20", PackageResources.resnet110_resnet20_yaml),
        ("cifar100/resnet110-resnet20-short", PackageResources.resnet110_resnet20_short_yaml),
        ("cifar100/resnet110-resnet32", PackageResources.resnet110_resnet32_yaml),
        ("cifar100/resnet110-resnet32-short", PackageResources.resnet110_resnet32_short_yaml),
        ("cifar100/resnet110-short", PackageResources.resnet110_short_yaml),
        ("cifar100/resnet32x4", PackageResources.resnet32x4_yaml),
        ("cifar100/resnet32x4-ShuffleV1", PackageResources.resnet32x4_ShuffleV1_yaml),
        ("cifar100/resnet32x4-ShuffleV1-short", PackageResources.resnet32x4_ShuffleV1_short_yaml),
        ("cifar100/resnet32x4-ShuffleV2", PackageResources.resnet32x4_ShuffleV2_yaml),
        ("cifar100/resnet32x4-ShuffleV2-short", PackageResources.resnet32x4_ShuffleV2_short_yaml),
        ("cifar100/resnet32x4-resnet8x4", PackageResources.resnet32x4_resnet8x4_yaml),
        ("cifar100/resnet32x4-resnet8x4-short", PackageResources.resnet32x4_resnet8x4_short_yaml),
        ("cifar100/resnet32x4-short", PackageResources.resnet32x4_short_yaml),
        ("cifar100/resnet32x4-wrn_16_2", PackageResources.resnet32x4_wrn_16_2_yaml),
        ("cifar100/resnet32x4-wrn_16_2-short", PackageResources.resnet32x4_wrn_16_2_short_yaml),
        ("cifar100/resnet32x4-wrn_40_2", PackageResources.resnet32x4_wrn_40_2_yaml),
        ("cifar100/resnet32x4-wrn_40_2-short", PackageResources.resnet32x4_wrn_40_2_short_yaml),
        ("cifar100/resnet56", PackageResources.resnet56_yaml),
        ("cifar100/resnet56-resnet20", PackageResources.resnet56_resnet20_yaml),
        ("cifar100/resnet56-resnet20-short", PackageResources.resnet56_resnet20_short_yaml),
        ("cifar100/resnet56-short", PackageResources.resnet56_short_yaml),
        ("cifar100/vgg13", PackageResources.vgg13_yaml),
        ("cifar100/vgg13-MobileNetV2", PackageResources.vgg13_MobileNetV2_yaml),
        ("cifar100/vgg13-MobileNetV2-short", PackageResources.vgg13_MobileNetV2_short_yaml),
        ("cifar100/vgg13-short", PackageResources.vgg13_short_yaml),
        ("cifar100/vgg13-vgg8", PackageResources.vgg13_vgg8_yaml),
        ("cifar100/vgg13-vgg8-short", PackageResources.vgg13_vgg8_short_yaml),
        ("cifar100/wrn_40_2", PackageResources.wrn_40_2_yaml),
        ("cifar100/wrn_40_2-MobileNetV2", PackageResources.wrn_40_2_MobileNetV2_yaml),
        ("cifar100/wrn_40_2-MobileNetV2-short", PackageResources.wrn_40_2_MobileNetV2_short_yaml),
        ("cifar100/wrn_40_2-ShuffleV1", PackageResources.wrn_40_2_ShuffleV1_yaml),
        ("cifar100/wrn_40_2-ShuffleV1-short", PackageResources.wrn_40_2_ShuffleV1_short_yaml),
        ("cifar100/wrn_40_2-resnet8x4", PackageResources.wrn_40_2_resnet8x4_yaml),
        ("cifar100/wrn_40_2-resnet8x4-short", PackageResources.wrn_40_2_resnet8x4_short_yaml),
        ("cifar100/wrn_40_2-short", PackageResources.wrn_40_2_short_yaml),
        ("cifar100/wrn_40_2-wrn_16_2", PackageResources.wrn_40_2_wrn_16_2_yaml),
        ("cifar100/wrn_40_2-wrn_16_2-short", PackageResources.wrn_40_2_wrn_16_2_short_yaml),
        ("cifar100/wrn_40_2-wrn_40_1", PackageResources.wrn_40_2_wrn_40_1_yaml),
        ("cifar100/wrn_40_2-wrn_40_1-short", PackageResources.wrn_40_2_wrn_40_1_short_yaml),
        ("coco/faster_rcnn_R101-R18", PackageResources.faster_rcnn_R101_R18_yaml),
        ("coco/faster_rcnn_R101-R50", PackageResources.faster_rcnn_R101_R50_yaml),
        ("coco/faster_rcnn_R18-short", PackageResources.faster_rcnn_R18_short_yaml),
        ("coco/faster_rcnn_R18", PackageResources.faster_rcnn_R18_yaml),
        ("coco/faster_rcnn_R50-MV2", PackageResources.faster_rcnn_R50_MV2_yaml),
        ("coco/faster_rcnn_R50-R18-short", PackageResources.faster_rcnn_R50_R18_short_yaml),
        ("coco/faster_rcnn_R50-R18", PackageResources.faster_rcnn_R50_R18_yaml),
        ("coco/mask_rcnn_R101-R18-short", PackageResources.mask_rcnn_R101_R18_short_yaml),
        ("coco/mask_rcnn_R101-R18", PackageResources.mask_rcnn_R101_R18_yaml),
        ("coco/mask_rcnn_R101-R50", PackageResources.mask_rcnn_R101_R50_yaml),
        ("coco/mask_rcnn_R18-short", PackageResources.mask_rcnn_R18_short_yaml),
        ("coco/mask_rcnn_R18", PackageResources.mask_rcnn_R18_yaml),
        ("coco/mask_rcnn_R50-MV2", PackageResources.mask_rcnn_R50_MV2_yaml),
        ("coco/retinanet_R101-R50-short", PackageResources.retinanet_R101_R50_short_yaml),
        ("coco/retinanet_R101-R50", PackageResources.retinanet_R101_R50_yaml),
        ("coco/retinanet_R50-short", PackageResources.retinanet_R50_short_yaml),
        ("coco/retinanet_R50", PackageResources.retinanet_R50_yaml),
        ("demo/student", PackageResources.student_yaml),
        ("demo/teacher", PackageResources.teacher_yaml),
        ("imagenet/ResNet34", PackageResources.ResNet34_yaml),
        ("imagenet/ResNet34-ResNet18", PackageResources.ResNet34_ResNet18_yaml),
        ("imagenet/ResNet34-ResNet18-modern", PackageResources.ResNet34_ResNet18_modern_yaml),
        ("imagenet/ResNet34-ResNet18-short", PackageResources.ResNet34_ResNet18_short_yaml),
        ("imagenet/ResNet34-short", PackageResources.ResNet34_short_yaml),
        ("imagenet/ResNet50-MobileNetV1", PackageResources.ResNet50_MobileNetV1_yaml),
        ("imagenet/ResNet50-MobileNetV1-short", PackageResources.ResNet50_MobileNetV1_short_yaml),
    ]

    /// The names of the recipes inside the program, in alphabetical order.
    public static var shipped: [String] { files.map(\.name) }

    /// Returns the text of a shipped recipe, comments included.
    ///
    /// - Parameter name: One of `shipped`.
    /// - Returns: The YAML text, or `nil` for another name.
    public static func text(ofShipped name: String) -> String? {
        files.first { $0.name == name }.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Loads a recipe by its name, or a file.
    ///
    /// - Parameters:
    ///   - nameOrPath: A name that `text(named:)` knows, which goes first, or the path of a YAML file.
    ///   - overrides: Options `key.path=value`, applied in order before decoding.
    /// - Returns: The resolved recipe.
    /// - Throws: `RecipeError`, with the shipped names where nothing has this name, or what `text(named:)`
    ///   throws.
    public static func load(nameOrPath: String, overrides: [String] = []) throws -> Recipe {
        if let text = try text(named: nameOrPath) {
            return try Recipe(yaml: text, file: nameOrPath, overrides: overrides)
        }
        guard FileManager.default.fileExists(atPath: nameOrPath) else {
            throw RecipeError.unknownRecipe(nameOrPath, nearest: nearestName(to: nameOrPath))
        }
        return try load(file: nameOrPath, overrides: overrides)
    }

    /// Loads a recipe from a file.
    ///
    /// - Parameters:
    ///   - file: the path.
    ///   - overrides: `PATH=VALUE` each.
    /// - Returns: the resolved recipe.
    /// - Throws: `RecipeError`.
    package static func load(file: String, overrides: [String] = []) throws -> Recipe {
        let text: String
        do throws(TextFile.Unreadable) {
            text = try TextFile.contents(of: file)
        } catch {
            throw RecipeError.unreadable(file, problem: error.reason)
        }
        return try Recipe(yaml: text, file: file, overrides: overrides)
    }
}

import ArgumentParser
import Basics
import COCO
import COCODrawing
import CommandOptions
import DetectionData
import DetectionTraining
import Detectors
import Foundation
import ImageFolders
import NetworkFiles
import Remedies
import Terminal
import Torch
import TorchNN
import Training
import VisionData

extension PredictCommand {
    /// Finds the objects in photographs, and draws them.
    func findObjects(_ architecture: DetectorArchitecture, _ student: StudentCard) throws {
        guard let output else {
            throw ValidationError(
                "\(architecture) is a detector, and what it finds is drawn; give a folder for the pictures "
                    + "with --output")
        }
        let device = try device.resolve()
        precision.noteEmulation(on: device)
        let card = try DetectorCard(student, of: file)
            .with(shortEdge: shortEdge, longestEdge: longestEdge)
        let categories = try categories(of: architecture, student)
        let files = try ImageFolder.list(ofPaths: images)
        let paths = (0..<files.count).map(files.path)
        let list = try COCOAnnotations(pictures: paths, categories: categories)
        let drawings = try DrawnFiles(paths.map { ($0, name(of: $0)) }, in: output)
        let pictures = try PictureSource(
            list, imagePath: { $0 }, settings: card.pictures, device: device)
        let normalization = student.normalization ?? .imagenet
        let detector = try UnfitWeights.naming("--model ") {
            try card.detector(
                architecture, from: file, key: weights.key, classCount: categories.count,
                takingPicturesAs: normalization, device: device,
                remark: { printError("note: \(told($0))") })
        }
        try Disk.makeDirectory(URL(fileURLWithPath: output, isDirectory: true))
        let predictor = try DetectionPredictor(
            detector, normalization: normalization, dtype: precision.dtype)
        try predictor.predict(pictures) { position, found in
            let shown = found.filter { $0.score >= scoreThreshold ?? FoundObject.leastScore }
            let picture = COCOPicture(
                entry: list.images[position], annotations: list, path: paths[position])
            try drawings.write(picture.drawn(shown).picture, at: position)
            try show(
                FoundObjects(
                    image: paths[position], drawing: drawings.paths[position],
                    objects: shown.map { FoundObject($0, of: list) }))
        }
    }

    /// The classes by their numbers: of `--classes`, of the file, or COCO's where there are as many.
    private func categories(
        of architecture: DetectorArchitecture, _ student: StudentCard
    ) throws -> [COCOCategory] {
        let count = try DetectorWeights(path: file, key: weights.key, for: architecture).classCount
        guard let names = try classes.map(ClassNames.read) ?? student.classes else {
            guard let count, count != COCOCategory.coco2017.count else {
                return COCOCategory.coco2017
            }
            throw ValidationError(
                "\(file) does not say what its \(count) classes are called; give a file of names with --classes"
            )
        }
        if let count, count != names.count {
            throw OtherClassNames(source: classes ?? file, found: names.count, expected: count)
        }
        return names.enumerated().map { COCOCategory(id: .whole($0), name: $1) }
    }

    /// What a picture is called below the folder for drawings: its path below the folder that was given, or else
    /// its file's name.
    private func name(of path: String) -> String {
        let folder = images.map(ImageFolder.withoutSlashes).first { path.hasPrefix($0 + "/") }
        return folder.map { String(path.dropFirst($0.count + 1)) }
            ?? (path as NSString).lastPathComponent
    }

    private func show(_ found: FoundObjects) throws {
        guard !json else { return try printJSON(found) }
        let count = found.objects.count
        print(
            "\(found.image): \(count) object\(count == 1 ? "" : "s"), drawn in \(found.drawing)")
        for object in found.objects { print("  \(object)") }
    }
}

/// What was found in a picture, as it is printed.
private struct FoundObjects: Encodable {
    let image: String
    let drawing: String
    let objects: [FoundObject]
}

/// Names of classes that are not those of the weights.
private struct OtherClassNames: Error, CustomStringConvertible {
    let source: String
    let found: Int
    let expected: Int

    var description: String {
        "\(source): it names \(found) classes, expected a name for each of the \(expected) that the weights tell "
            + "apart; give a file with them with --classes"
    }
}

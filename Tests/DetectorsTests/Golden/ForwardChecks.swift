import Masks
import Torch
import TorchTestSupport
import VisionModels

@testable import Detectors

@Sendable func checkForward(_ file: DetectionFile, _ agreement: inout Agreement) throws {
    let fixture = try DetectorFixture(file)
    for (index, golden) in try file.contents().at("cases").list.enumerated() {
        try withoutGrad {
            var check = ForwardCheck(fixture: fixture, golden: golden, name: "case \(index)")
            try check.run(&agreement)
        }
    }
}

/// One batch through a detector in evaluation, step by step.
private struct ForwardCheck {
    let fixture: DetectorFixture
    let golden: JSONValue
    let name: String
    private let execution = LayersAsTheyStand(keepsPreactivations: false)
    private var seen: Set<String> = ["images"]

    init(fixture: DetectorFixture, golden: JSONValue, name: String) {
        self.fixture = fixture
        self.golden = golden
        self.name = name
    }

    mutating func run(_ agreement: inout Agreement) throws {
        let images = try golden.at("images").list
        let targets = try images.map { try $0.targets() }
        let sizes = targets.map(\.size)
        let batch = fixture.batch(try images.map { try $0.picture })
        try compare("padded", batch, &agreement)
        if let golden = take("image_sizes") {
            let golden = try golden.list.map { try $0.imageSize }
            agreement.compareExactly("\(name) sizes", sizes, golden)
        }
        let maps = fixture.detector.maps(of: batch, by: execution)
        let isMobile = fixture.architecture.bottomUp == .mobileNetV2
        let stages = zip(2..., maps.stages).map { ("\(isMobile ? "m" : "res")\($0)", $1) }
        try compareLevels("bottom_up", stages, &agreement, allowsMissing: true)
        let levels = fixture.levelNames
        try compareLevels("fpn", Array(zip(levels, maps.levels)), &agreement)
        if let detector = fixture.detector as? RCNN {
            try run(detector, maps.levels, sizes, &agreement)
        } else if let detector = fixture.detector as? RetinaNet, let head = take("head") {
            let predictions = detector.head.predictions(maps.levels, by: execution)
            try agreement.compareHead(
                "\(name) head", head, predictions, levels: levels)
        }
        let found = fixture.detector.detections(in: batch, sizes: sizes, by: execution)
        try compareDetections("detections", found, &agreement)
        let final = zip(found, targets).map { $0.rescaled(to: $1.originalSize) }
        try compareDetections("final", final, &agreement)
        let rest = golden.keys.filter { !seen.contains($0) }
        if !rest.isEmpty { print("detection \(name): not compared: \(rest)") }
    }

    private mutating func run(
        _ detector: RCNN, _ levels: [Tensor], _ sizes: [ImageSize],
        _ agreement: inout Agreement
    ) throws {
        let predictions = detector.proposalGenerator.predictions(levels, by: execution)
        let names = fixture.levelNames
        try compareLevels("rpn_logits", Array(zip(names, predictions.logits)), &agreement)
        try compareLevels("rpn_deltas", Array(zip(names, predictions.deltas)), &agreement)
        let proposals = detector.proposalGenerator.proposals(
            predictions, sizes: sizes, isTraining: false)
        if let golden = take("proposals") {
            try agreement.compareProposals(name, proposals, sizes, golden)
        }
        let boxes = proposals.map(\.boxes)
        let judgement = detector.roiHeads.judge(levels, boxes: boxes, by: execution)
        if let golden = take("roi_levels") {
            let pooler = PyramidPooler(RoIAlign(height: 7, width: 7))
            let found = pooler.levels(of: .concatenate(boxes)).elements(as: Int64.self)
            agreement.compareExactly(
                "\(name) roi_levels", (0..<4).map { level in found.count { $0 == level } },
                try golden.ints)
        }
        try compare("pooled", judgement.pooled, &agreement)
        try compare("box_head", judgement.features, &agreement)
        try compare("class_logits", judgement.logits, &agreement)
        try compare("box_deltas", judgement.deltas, &agreement)
    }

    private mutating func take(_ key: String) -> JSONValue? {
        seen.insert(key)
        return golden.optional(key)
    }

    private mutating func compare(
        _ key: String, _ found: Tensor, _ agreement: inout Agreement
    ) throws {
        guard let golden = take(key) else { return }
        agreement.compare("\(name) \(key)", found, try golden.summary)
    }

    private mutating func compareLevels(
        _ key: String, _ found: [(String, Tensor)], _ agreement: inout Agreement,
        allowsMissing: Bool = false
    ) throws {
        guard let golden = take(key) else { return }
        // RetinaNet's pyramid stands on three of the four stages.
        let known = found.filter { golden.optional($0.0) != nil || !allowsMissing }
        agreement.compareNames("\(name) \(key)", known.map(\.0), golden.keys)
        for (level, tensor) in known {
            guard let golden = golden.optional(level) else { continue }
            agreement.compare("\(name) \(key) \(level)", tensor, try golden.summary)
        }
    }

    private mutating func compareDetections(
        _ key: String, _ found: [Detections], _ agreement: inout Agreement
    ) throws {
        guard let golden = take(key) else { return }
        let all = try golden.list
        agreement.compareExactly("\(name) \(key) pictures", found.count, all.count)
        for (index, (found, golden)) in zip(found, all).enumerated() {
            try agreement.compareDetections(
                "\(name) \(key) \(index)", found, golden, isFinal: key == "final")
        }
    }
}

extension DetectorFixture {
    /// The names of the pyramid's levels.
    var levelNames: [String] {
        detector.levels.indices.map { "p\($0 + (architecture.family == .retinaNet ? 3 : 2))" }
    }
}

extension Agreement {
    /// Compares what a head says of every anchor: summaries by level, in any order of nesting; which is meant
    /// follows from the width.
    mutating func compareHead(
        _ name: String, _ golden: JSONValue, _ predictions: DensePredictions, levels: [String],
        level: Int? = nil
    ) throws {
        if golden.optional("l2") != nil {
            let summary = try golden.summary
            guard let level else {
                return compareExactly("\(name): a level", "none", "one of \(levels)")
            }
            let isLogits = summary.size(1) == predictions.logits[level].size(1)
            let found = isLogits ? predictions.logits[level] : predictions.deltas[level]
            return compare(name, found, summary)
        }
        if case .list(let values) = golden {
            for (index, value) in values.enumerated() {
                let place = level ?? (values.count == levels.count ? index : nil)
                try compareHead(
                    "\(name) \(index)", value, predictions, levels: levels, level: place)
            }
        }
        for key in golden.keys {
            try compareHead(
                "\(name) \(key)", golden.at(key), predictions, levels: levels,
                level: levels.firstIndex(of: key) ?? level)
        }
    }

    /// Compares proposals of some pictures, the likeliest first.
    mutating func compareProposals(
        _ name: String, _ found: [Proposals], _ sizes: [ImageSize], _ golden: JSONValue
    ) throws {
        for (index, golden) in try golden.list.enumerated() {
            let name = "\(name) proposals \(index)"
            compareExactly("\(name) size", sizes[index], try golden.at("size").imageSize)
            compareExactly(
                "\(name) count", found[index].boxes.size(0), try golden.at("count").int)
            compare("\(name) boxes", found[index].boxes, try golden.at("boxes").summary)
            compare("\(name) logits", found[index].logits, try golden.at("logits").summary)
            if let first = golden.optional("first_boxes") {
                let rows = try first.rows
                compare(
                    "\(name) first", found[index].boxes.narrow(0, 0..<rows.count),
                    rows.flatMap(\.self))
            }
        }
    }

    /// Compares the detections of one picture.
    ///
    /// Masks stand under names of their own: a summary is of the soft masks, numbers are their means or, in
    /// the final ones, the areas of the pasted masks, and texts are run lengths of those.
    mutating func compareDetections(
        _ name: String, _ found: Detections, _ golden: JSONValue, isFinal: Bool
    ) throws {
        compareExactly("\(name) size", found.size, try golden.at("size").imageSize)
        compareExactly("\(name) count", found.count, try golden.at("count").int)
        guard found.count == (try golden.at("count").int) else { return }
        compare("\(name) boxes", found.boxes, try golden.at("boxes").flat)
        compare("\(name) scores", found.scores, try golden.at("scores").flat)
        compareExactly(
            "\(name) classes", found.classes.elements(as: Int64.self).map(Int.init),
            try golden.at("classes").ints)
        let pasted = isFinal ? pastedRuns(found) : []
        for key in golden.keys
        where !["size", "count", "boxes", "scores", "classes"].contains(key) {
            try compareMasks(
                "\(name) \(key)", found, pasted, golden.at(key), isFinal: isFinal)
        }
    }

    private func pastedRuns(_ found: Detections) -> [RunLengthMask] {
        guard let pixels = found.pixelMasks() else { return [] }
        return (0..<found.count).map { index in
            let bytes = pixels.slice(index).to(.uint8).elements(as: UInt8.self)
            return RunLengthMask(
                pixels: bytes, height: found.size.height, width: found.size.width)
        }
    }

    private mutating func compareMasks(
        _ name: String, _ found: Detections, _ pasted: [RunLengthMask], _ golden: JSONValue,
        isFinal: Bool
    ) throws {
        guard let masks = found.masks else {
            return compareExactly("\(name): masks", "none", "some")
        }
        if golden.optional("l2") != nil {
            let summary = try golden.summary
            return compare(name, masks.reshape(summary.shape ?? masks.shape), summary)
        }
        if golden.optional("counts") != nil {
            return compareExactly(
                name, pasted.map(\.packed), [try golden.at("counts").string])
        }
        guard case .list(let values) = golden else {
            for key in golden.keys {
                try compareMasks(
                    "\(name) \(key)", found, pasted, golden.at(key), isFinal: isFinal)
            }
            return
        }
        compareExactly("\(name) count", values.count, found.count)
        switch values.first {
        case .string:
            compareExactly(name, pasted.map(\.packed), try golden.strings)
        case .object:
            let texts = try values.map { try $0.at("counts").string }
            compareExactly(name, pasted.map(\.packed), texts)
        case .number where isFinal:
            compareExactly(name, pasted.map(\.area), try golden.ints)
        case .number:
            compare(name, masks.mean([1, 2]), try golden.numbers)
        default:
            break
        }
    }
}

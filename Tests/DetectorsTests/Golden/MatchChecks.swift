import Torch
import TorchTestSupport

@testable import Detectors

@Sendable func checkMatcher(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["cases", "anchors"])
    for golden in try file.at("cases").list { try check(golden, &agreement) }
    if let anchors = file.optional("anchors") { try checkTies(anchors, &agreement) }
}

private func check(_ golden: JSONValue, _ agreement: inout Agreement) throws {
    let name = "\(try golden.at("name").string) (\(try golden.at("kind").string))"
    agreement.expectKeys(
        of: golden,
        in: [
            "name", "iou", "kind", "thresholds", "labels", "allow_low_quality_matches", "matches",
            "match_labels",
        ], name)
    let matcher = Matcher(
        thresholds: try golden.at("thresholds").numbers, labels: try golden.at("labels").ints,
        allowsLowQualityMatches: try golden.at("allow_low_quality_matches").bool)
    let overlaps = try golden.at("iou").rows
    let matches = try golden.at("matches").ints
    var labels = try golden.at("match_labels").ints
    // Our decision, where the reference goes on: a truth that overlaps no prediction matches none.
    if matcher.allowsLowQualityMatches, overlaps.contains(where: { ($0.max() ?? 0) == 0 }) {
        let decided = matcher.labelsWithoutStrangers(overlaps)
        sayDecision(name, decided, labels)
        labels = decided
    }
    let found = matcher(Tensor(overlaps.flatMap(\.self), shape: [overlaps.count, matches.count]))
    agreement.compareExactly(
        "\(name) matches", found.truths.elements(as: Int64.self).map(Int.init), matches)
    agreement.compareExactly(
        "\(name) labels", found.labels.elements(as: Int64.self).map(Int.init), labels)
}

/// Says where a test expects what decision 25 says, and not what the reference does.
private func sayDecision(_ name: String, _ ours: [Int], _ reference: [Int]) {
    guard ours != reference else { return }
    print("detection \(name): expected \(ours) by decision 25, not the reference's \(reference)")
}

extension Matcher {
    /// The labels by the rule in words, prediction by prediction.
    fileprivate func labelsWithoutStrangers(_ overlaps: [[Double]]) -> [Int] {
        (overlaps.first ?? []).indices.map { prediction in
            let column = overlaps.map { $0[prediction] }
            let isBest = overlaps.contains { row in
                row[prediction] > 0 && row[prediction] == row.max()
            }
            let largest = column.max() ?? 0
            return isBest ? 1 : labels[thresholds.filter { $0 <= largest }.count]
        }
    }
}

private func checkTies(_ golden: JSONValue, _ agreement: inout Agreement) throws {
    let name = try golden.at("name").string
    agreement.expectKeys(
        of: golden,
        in: [
            "name", "sizes", "ratios", "stride", "offset", "map", "truths", "positive",
            "matched_truth", "ignored", "largest_overlaps",
        ], name)
    let size = try golden.at("map").ints
    let generator = AnchorGenerator(
        sizes: try golden.at("sizes").rows, ratios: [try golden.at("ratios").flat],
        strides: [try golden.at("stride").int], offset: try golden.at("offset").number)
    let anchors = generator.anchors(
        mapSizes: [ImageSize(height: size[0], width: size[1])], dtype: .float64)[0]
    let truths = try golden.at("truths").boxes
    let overlaps = Boxes.pairwiseIoU(truths, anchors)
    agreement.compare(
        "\(name) largest", overlaps.max(1).values, try golden.at("largest_overlaps").numbers)
    let ways = [
        ("kernel", Matcher.proposals.match(truths: truths, predictions: anchors)),
        ("operators", Matcher.proposals(overlaps)),
    ]
    for (way, found) in ways {
        let labels = found.labels.elements(as: Int64.self)
        let matched = found.truths.elements(as: Int64.self)
        let positive = labels.indices.filter { labels[$0] == 1 }
        agreement.compareExactly(
            "\(name) positive, \(way)", positive, try golden.at("positive").ints)
        agreement.compareExactly(
            "\(name) matched, \(way)", positive.map { Int(matched[$0]) },
            try golden.at("matched_truth").ints)
        agreement.compareExactly(
            "\(name) ignored, \(way)", labels.indices.filter { labels[$0] == -1 },
            try golden.at("ignored").ints)
    }
}

@Sendable func checkSuppression(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["cases"])
    for golden in try file.at("cases").list {
        let name = try golden.at("name").string
        agreement.expectKeys(
            of: golden, in: ["name", "boxes", "scores", "classes", "threshold", "kept"], name)
        let boxes = try golden.at("boxes").boxes
        let scores = Tensor(try golden.at("scores").numbers)
        let kinds = try golden.optional("classes")?.ints
        let classes = kinds.map { Tensor($0.map(Int64.init)) }
        let threshold = try golden.at("threshold").number
        var kept = try golden.at("kept").ints
        // Our decision, where the reference goes on: classes do not meet, wherever the boxes are.
        let coordinates = try golden.at("boxes").flat
        if let kinds, Set(kinds).count > 1, coordinates.contains(where: { $0 < 0 }) {
            let decided = exactlyKept(
                try golden.at("boxes").rows, try golden.at("scores").numbers, kinds, threshold)
            sayDecision(name, decided, kept)
            kept = decided
        }
        let ways = [
            (
                "kernel",
                nonMaximumSuppression(
                    boxes: boxes, scores: scores, classes: classes, threshold: threshold)
            ),
            ("operators", suppressedByOperators(boxes, scores, classes, threshold)),
        ]
        for (way, found) in ways {
            agreement.compareExactly(
                "\(name), \(way)", found.elements(as: Int64.self).map(Int.init), kept)
        }
    }
}

/// Suppression by its definition, box by box.
func exactlyKept(
    _ boxes: [[Double]], _ scores: [Double], _ classes: [Int], _ threshold: Double
) -> [Int] {
    let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
    return order.reduce(into: []) { kept, box in
        let isRemoved = kept.contains { other in
            classes[other] == classes[box] && overlap(boxes[other], boxes[box]) > threshold
        }
        if !isRemoved { kept.append(box) }
    }
}

/// Intersection over union of two boxes by the definition.
func overlap(_ a: [Double], _ b: [Double]) -> Double {
    let width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    let height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    guard width * height > 0 else { return 0 }
    let areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)
}

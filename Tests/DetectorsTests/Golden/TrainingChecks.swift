import Distillation
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Detectors

@Sendable func checkDetectorLosses(_ file: DetectionFile, _ agreement: inout Agreement) throws {
    let fixture = try DetectorFixture(file)
    let check = try TrainingCheck(fixture: fixture, file: file)
    let step = try check.compareForward(&agreement)
    try check.compareSecondWithoutObjects(&agreement)
    try check.compareStep(
        step.losses, parameters: fixture.detector.trainableParameters, others: [], &agreement)
}

/// A step of a detector on the pictures of a golden file.
struct TrainingCheck {
    let fixture: DetectorFixture
    let golden: JSONValue
    let images: Tensor
    let targets: [BoxTargets]

    init(fixture: DetectorFixture, file: DetectionFile) throws {
        self.fixture = fixture
        golden = try file.contents()
        let pictures = try golden.at("images").list
        images = fixture.batch(try pictures.map { try $0.picture })
        targets = try pictures.map { try $0.targets() }
    }

    /// What detectron2 calls the losses.
    private static let lossNames = [
        "class": "loss_cls", "box": "loss_box_reg", "rpn_class": "loss_rpn_cls",
        "rpn_box": "loss_rpn_loc", "mask": "loss_mask",
    ]

    struct Step {
        let losses: [(name: String, value: Tensor)]
        let levels: [Tensor]
        let counted: [String: Double]
        let labels: [[Int64]]
    }

    /// Runs the forward pass on some targets.
    func step(_ targets: [BoxTargets], _ agreement: inout Agreement, _ golden: JSONValue)
        throws -> Step
    {
        func named(_ values: [Tensor]) -> [(name: String, value: Tensor)] {
            zip(fixture.detector.lossNames, values).map {
                (Self.lossNames[$0] ?? $0, $1)
            }
        }
        if let detector = fixture.detector as? RCNN {
            let trace = detector.trace(images, targets)
            let values =
                [
                    trace.anchors.classification, trace.anchors.box,
                    trace.regions.classification, trace.regions.box,
                ] + [trace.regions.mask?.loss].compactMap(\.self)
            if let proposals = golden.optional("proposals") {
                try agreement.compareProposals(
                    "", trace.proposals, targets.map(\.size), proposals)
            }
            if let rois = golden.optional("rois") {
                try agreement.compareRegions(trace.regions.samples, rois)
            }
            let count = trace.anchors.samples.isEmpty ? 0 : anchorCount(trace.maps.levels)
            return Step(
                losses: named(values), levels: trace.maps.levels, counted: trace.counted,
                labels: trace.anchors.samples.map { $0.labels(count: count) })
        }
        guard let detector = fixture.detector as? RetinaNet else {
            throw JSONValue.FormError(description: "\(fixture.name) is no known detector")
        }
        let trace = detector.trace(images, targets)
        if let normalizer = golden.optional("loss_normalizer") {
            agreement.compare(
                "loss_normalizer", detector.runState()[0].tensor.item(), try normalizer.number)
        }
        let count = Double(trace.objectCount) / Double(targets.count)
        return Step(
            losses: named([trace.classification, trace.box]), levels: trace.maps.levels,
            counted: ["num_pos_anchors": count],
            labels: trace.labels.classes.map { $0.elements(as: Int64.self) })
    }

    private func anchorCount(_ levels: [Tensor]) -> Int {
        levels.reduce(0) { $0 + 3 * $1.size(2) * $1.size(3) }
    }

    /// The forward pass, and all that a file says of it.
    func compareForward(_ agreement: inout Agreement) throws -> Step {
        let step = try step(targets, &agreement, golden)
        try compareLosses("", step, golden, &agreement)
        let classCount = Int64(fixture.detector.settings.classCount)
        let isDense = fixture.architecture.family == .retinaNet
        for (index, counts) in try (golden.optional("anchor_labels")?.list ?? []).enumerated() {
            // By class, or by whether there is an object.
            let isByClass = counts.optional("\(classCount)") != nil
            let labels = step.labels[index].map { label in
                isByClass || !isDense ? label : label < 0 ? -1 : label < classCount ? 1 : 0
            }
            for label in Set(labels).union(counts.keys.compactMap { Int64($0) }) {
                agreement.compareExactly(
                    "picture \(index), anchors of label \(label)",
                    labels.count { $0 == label }, try counts.optional("\(label)")?.int ?? 0)
            }
        }
        let positives = try golden.optional("positive_anchors")?.list ?? []
        for (index, golden) in positives.enumerated() {
            let isObject = { (label: Int64) in
                isDense ? label >= 0 && label < classCount : label == 1
            }
            agreement.compareExactly(
                "picture \(index), positive anchors",
                step.labels[index].indices.filter { isObject(step.labels[index][$0]) },
                try golden.ints)
        }
        return step
    }

    private func compareLosses(
        _ name: String, _ step: Step, _ golden: JSONValue, _ agreement: inout Agreement
    ) throws {
        let losses = try golden.at("losses")
        agreement.compareNames(
            "\(name)losses", step.losses.map(\.name),
            losses.keys.filter { $0 != "loss_ReviewKD" })
        for loss in step.losses {
            guard let golden = losses.optional(loss.name) else { continue }
            agreement.compare("\(name)\(loss.name)", loss.value.item(), try golden.number)
        }
        guard let counted = golden.optional("counted") else { return }
        for key in counted.keys {
            guard let found = step.counted[key] else {
                agreement.compareExactly("\(name)\(key)", "not counted", "counted")
                continue
            }
            agreement.compare("\(name)\(key)", found, try counted.at(key).number)
        }
    }

    /// The losses where the second picture has no objects, before the step.
    func compareSecondWithoutObjects(_ agreement: inout Agreement) throws {
        guard let golden = golden.optional("second_image_without_objects") else { return }
        let pictures = try self.golden.at("images").list
        let targets = try pictures.enumerated().map { try $1.targets(isEmpty: $0 == 1) }
        // Of RetinaNet's running mean the file may begin anew, or go on.
        let states = fixture.detector.runState().map { ($0.tensor, $0.tensor.clone()) }
        var goingOn = Agreement()
        let first = try step(targets, &goingOn, golden)
        try compareLosses("second empty, ", first, golden, &goingOn)
        guard !states.isEmpty, !goingOn.disagreements.isEmpty else {
            agreement.add(goingOn)
            return
        }
        var anew = Agreement()
        let start = fixture.detector.settings.dense.firstNormalizer
        withoutGrad {
            for (tensor, _) in states { _ = tensor.copy(from: Tensor([start], shape: [])) }
        }
        try compareLosses("second empty, ", step(targets, &anew, golden), golden, &anew)
        agreement.add(anew)
        withoutGrad { for (tensor, saved) in states { _ = tensor.copy(from: saved) } }
    }

    /// The gradients of the sum of losses, and the parameters after a step.
    ///
    /// - Parameters:
    ///   - losses: of the detector, and whatever else is summed.
    ///   - parameters: all that learn.
    ///   - others: what changes beside them, as running statistics.
    ///   - agreement: takes the comparisons.
    /// - Throws: `JSONValue.FormError` where the file has another form.
    func compareStep(
        _ losses: [(name: String, value: Tensor)], parameters: [NamedTensor],
        others: [NamedTensor], _ agreement: inout Agreement
    ) throws {
        let total = losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }
        agreement.compare("total", total.item(), try golden.at("total").number)
        total.backward()
        let gradients = parameters.compactMap { entry in
            entry.tensor.grad.map { NamedTensor(entry.name, $0) }
        }
        let without = Set(parameters.map(\.name)).subtracting(gradients.map(\.name))
        agreement.compareNames(
            "without gradient", Array(without),
            try golden.optional("without_gradient")?.strings ?? [])
        let goldenGradients = try golden.at("gradients")
        agreement.compareNames("gradients", gradients.map(\.name), goldenGradients.keys)
        for entry in gradients {
            guard let golden = goldenGradients.optional(entry.name) else { continue }
            agreement.compare("gradient of \(entry.name)", entry.tensor, try golden.summary)
        }
        let squares = gradients.reduce(0.0) { $0 + norm($1.tensor) * norm($1.tensor) }
        if let all = golden.optional("gradient_l2_of_all") {
            agreement.compare("all gradients", squares.squareRoot(), try all.number)
        }
        let after = try golden.at("after")
        let settings = try golden.at("optimizer")
        func optimizer(_ parameters: [NamedTensor], weightDecay: Double) throws -> SGD {
            SGD(
                parameters,
                options: SGD.Options(
                    momentum: try settings.at("momentum").number, weightDecay: weightDecay,
                    nesterov: false))
        }
        // The norms of the ABFs, which are the only ones that learn.
        let norms = parameters.filter { $0.name.hasPrefix("kd_trans.") && $0.tensor.rank == 1 }
            .filter { !$0.name.contains("att_conv") }
        let normNames = Set(norms.map(\.name))
        let rest = parameters.filter { !normNames.contains($0.name) }
        let rate = try settings.at("lr").number
        try optimizer(norms, weightDecay: 0).step(learningRate: rate)
        try optimizer(rest, weightDecay: settings.at("weight_decay").number)
            .step(learningRate: rate)
        agreement.compareNames("after", (parameters + others).map(\.name), after.keys)
        for entry in parameters + others {
            guard let golden = after.optional(entry.name) else { continue }
            agreement.compare("\(entry.name) after", entry.tensor, try golden.summary)
        }
    }
}

extension AnchorSample {
    /// 1, 0 or −1 for each anchor.
    func labels(count: Int) -> [Int64] {
        var labels = [Int64](repeating: -1, count: count)
        for anchor in positives.elements(as: Int64.self) { labels[Int(anchor)] = 1 }
        for anchor in negatives.elements(as: Int64.self) { labels[Int(anchor)] = 0 }
        return labels
    }
}

extension RCNN.Trace {
    /// What detectron2 counts in a step.
    var counted: [String: Double] {
        let pictures = Double(anchors.samples.count)
        func mean(_ values: [Int]) -> Double { Double(values.reduce(0, +)) / pictures }
        let classes = regions.classes.elements(as: Int64.self)
        let background = Int64(regions.logits.size(1) - 1)
        let guesses = regions.logits.argmax(1).elements(as: Int64.self)
        let pairs = Array(zip(guesses, classes))
        let objects = pairs.filter { $0.1 < background }
        var counted = [
            "rpn/num_pos_anchors": mean(anchors.samples.map(\.positives.count)),
            "rpn/num_neg_anchors": mean(anchors.samples.map(\.negatives.count)),
            "roi_head/num_fg_samples": mean(regions.samples.map(\.objectCount)),
            "roi_head/num_bg_samples": mean(
                regions.samples.map { $0.classes.count - $0.objectCount }),
            "fast_rcnn/cls_accuracy": Double(pairs.count { $0 == $1 }) / Double(pairs.count),
            "fast_rcnn/fg_cls_accuracy": Double(objects.count { $0 == $1 })
                / Double(objects.count),
            "fast_rcnn/false_negative": Double(objects.count { $0.0 == background })
                / Double(objects.count),
        ]
        guard let mask = regions.mask else { return counted }
        let kinds = Tensor.concatenate(
            regions.samples.map { $0.classes.narrow(0, 0..<$0.objectCount) })
        let own = mask.logits.gather([.arange(0..<kinds.count), kinds])
        let said = own.isGreater(than: 0).elements(as: Bool.self)
        let truth = mask.targets.isGreater(than: 0.5).elements(as: Bool.self)
        let pixels = Array(zip(said, truth))
        func share(_ count: Int, of all: Int) -> Double { Double(count) / Double(max(all, 1)) }
        let inside = truth.count { $0 }
        counted["mask_rcnn/accuracy"] = share(pixels.count { $0 == $1 }, of: pixels.count)
        counted["mask_rcnn/false_positive"] = share(
            pixels.count { $0 && !$1 }, of: pixels.count - inside)
        counted["mask_rcnn/false_negative"] = share(pixels.count { !$0 && $1 }, of: inside)
        return counted
    }
}

extension Agreement {
    /// Compares the regions that were drawn.
    mutating func compareRegions(_ samples: [RegionSample], _ golden: JSONValue) throws {
        for (index, golden) in try golden.list.enumerated() {
            let sample = samples[index]
            let classes = sample.classes.narrow(0, 0..<sample.objectCount)
                .elements(as: Int64.self).map(Int.init).sorted()
            compareExactly(
                "regions \(index)", sample.classes.count, try golden.at("count").int)
            compareExactly(
                "regions \(index) of objects", sample.objectCount,
                try golden.at("foreground").int)
            compareExactly(
                "regions \(index) classes", classes, try golden.at("classes").ints.sorted())
        }
    }
}

import Detectors
import Torch
import TorchTestSupport

@Sendable func checkOverlaps(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["cases", "clip", "nonempty"])
    for (index, golden) in try (file.optional("cases")?.list ?? []).enumerated() {
        agreement.expectKeys(of: golden, in: ["name", "a", "b", "iou"], "case \(index)")
        let found = try Boxes.pairwiseIoU(golden.at("a").boxes, golden.at("b").boxes)
        agreement.compareExactly(
            "case \(index) shape", found.shape,
            [try golden.at("a").list.count, try golden.at("b").list.count])
        agreement.compare("case \(index)", found, try golden.at("iou").flat)
    }
    if let clip = file.optional("clip") {
        let size = try clip.at("size").ints
        let found = Boxes.clipped(
            try clip.at("boxes").boxes, to: ImageSize(height: size[0], width: size[1]))
        agreement.compare("clip", found, try clip.at("clipped").flat)
    }
    guard let nonempty = file.optional("nonempty") else { return }
    let boxes = try nonempty.at("boxes").boxes
    for key in nonempty.keys where key != "boxes" {
        guard let threshold = Double(key.dropFirst("threshold_".count)) else {
            throw JSONValue.FormError(description: "nonempty: no threshold in the key '\(key)'")
        }
        agreement.compareExactly(
            "nonempty \(key)",
            Boxes.areNonempty(boxes, sidesAbove: threshold).elements(as: Bool.self),
            try nonempty.at(key).list.map { try $0.bool })
    }
}

@Sendable func checkBoxTransform(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["source", "target", "deltas", "note", "cases"])
    let source = try file.at("source").boxes
    let target = try file.at("target").boxes
    let rows = try file.at("deltas").rows
    let deltas = Tensor(rows.flatMap(\.self), shape: [rows.count, rows.first?.count ?? 0])
    for (index, golden) in try file.at("cases").list.enumerated() {
        agreement.expectKeys(
            of: golden, in: ["weights", "encoded", "decoded", "scale_clamp"], "case \(index)")
        let clamp = try golden.at("scale_clamp").number
        let transform = try BoxTransform(weights: golden.at("weights").numbers, sizeClamp: clamp)
        agreement.compare("case \(index) clamp", BoxTransform().sizeClamp, clamp)
        agreement.compare(
            "case \(index) encoded", transform.encode(target, relativeTo: source),
            try golden.at("encoded").flat)
        agreement.compare(
            "case \(index) decoded", transform.decode(deltas, relativeTo: source),
            try golden.at("decoded").flat)
    }
}

@Sendable func checkAnchors(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["cases"])
    for golden in try file.at("cases").list {
        let name = try golden.at("name").string
        agreement.expectKeys(
            of: golden, in: ["name", "sizes", "ratios", "offset", "padded_image", "levels"], name)
        let levels = try golden.at("levels").list
        let generator = AnchorGenerator(
            sizes: try golden.at("sizes").lists, ratios: try golden.at("ratios").lists,
            strides: try levels.map { try $0.at("stride").int },
            offset: try golden.at("offset").number)
        let maps = try levels.map { level in
            let size = try level.at("map").ints
            return ImageSize(height: size[0], width: size[1])
        }
        let found = generator.anchors(mapSizes: maps, dtype: .float64)
        for (index, level) in levels.enumerated() {
            let name = "\(name) level \(index)"
            let anchors = found[index]
            agreement.expectKeys(
                of: level,
                in: ["stride", "map", "count", "cell", "first", "last", "summary", "sums"], name)
            let cell = Tensor(generator.cell(level: index).flatMap(\.self))
            agreement.compare("\(name) cell", cell, try level.at("cell").flat)
            agreement.compareExactly(
                "\(name) count a place", generator.countPerPlace(level: index),
                try level.at("cell").list.count)
            agreement.compareExactly(
                "\(name) count", anchors.size(0), try level.at("count").int)
            let first = try level.at("first").rows
            let last = try level.at("last").rows
            agreement.compare(
                "\(name) first", anchors.narrow(0, 0..<first.count), first.flatMap(\.self))
            agreement.compare(
                "\(name) last",
                anchors.narrow(0, (anchors.size(0) - last.count)..<anchors.size(0)),
                last.flatMap(\.self))
            agreement.compare("\(name)", anchors, try level.at("summary").summary)
            agreement.compare("\(name) sums", anchors.sum([0]), try level.at("sums").numbers)
        }
    }
}

extension JSONValue {
    /// A list of lists of numbers, or one list that stands for all.
    fileprivate var lists: [[Double]] {
        get throws {
            let list = try list
            if case .number = list.first { return [try numbers] }
            return try rows
        }
    }
}

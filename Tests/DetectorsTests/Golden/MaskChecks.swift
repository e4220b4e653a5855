import Detectors
import Masks
import Torch
import TorchTestSupport

@Sendable func checkMaskTargets(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(
        of: file,
        in: ["polygons", "boxes", "size", "targets", "areas", "bitmaps", "boxes_of_polygons"])
    let size = try file.at("size").int
    let masks = try file.at("polygons").list.map { InstanceMask.polygons(try $0.rows) }
    let found = maskTargets(masks, boxes: try file.at("boxes").boxes, size: size)
    let targets = try file.at("targets").list.map { try $0.strings }
    agreement.compareExactly("polygons", found.pictures, targets)
    let areas = found.sum([1, 2]).elements(as: Double.self).map { Int($0) }
    agreement.compareExactly("areas", areas, try file.at("areas").ints)
    let bounds = masks.map { mask in
        let bounds = mask.bounds
        return [bounds.left, bounds.top, bounds.right, bounds.bottom]
    }
    agreement.compareExactly("boxes of polygons", bounds, try file.at("boxes_of_polygons").rows)

    guard let bitmaps = file.optional("bitmaps") else { return }
    let key = "rectangles (rows, columns, half open)"
    agreement.expectKeys(of: bitmaps, in: ["size", key, "boxes", "targets"], "bitmaps")
    let shape = try bitmaps.at("size").ints
    let pixels = try bitmaps.at(key).list.map { rectangle in
        let edges = try rectangle.ints
        return (0..<shape[0]).flatMap { row in
            (0..<shape[1]).map { column -> UInt8 in
                (edges[0]..<edges[1]).contains(row) && (edges[2]..<edges[3]).contains(column)
                    ? 1 : 0
            }
        }
    }
    let boxes = try bitmaps.at("boxes").boxes
    let golden = try bitmaps.at("targets").list.map { try $0.strings }
    let runs = pixels.map {
        InstanceMask.pixels(RunLengthMask(pixels: $0, height: shape[0], width: shape[1]))
    }
    agreement.compareExactly(
        "runs", maskTargets(runs, boxes: boxes, size: size).pictures, golden)
    let tensor = Tensor(pixels.flatMap(\.self), shape: [pixels.count, shape[0], shape[1]])
    agreement.compareExactly(
        "bit masks", pixelMaskTargets(tensor, boxes: boxes, size: size).pictures, golden)
}

extension Tensor {
    /// Masks `[N, h, w]` as rows of the characters 0 and 1.
    fileprivate var pictures: [[String]] {
        let pixels = self.to(.uint8).elements(as: UInt8.self)
        let (height, width) = (size(1), size(2))
        return (0..<size(0)).map { mask in
            (0..<height).map { row in
                let start = (mask * height + row) * width
                return pixels[start..<(start + width)].map { $0 == 0 ? "0" : "1" }.joined()
            }
        }
    }
}

@Sendable func checkSizes(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["columns", "resized", "padding"])
    let columns = ["height", "width", "short edge", "longest", "new height", "new width"]
    agreement.compareExactly("columns", try file.at("columns").strings, columns)
    for row in try file.at("resized").list.map({ try $0.ints }) {
        let resize = ShortestEdgeResize(shortEdge: row[2], longest: row[3])
        let found = resize.size(of: ImageSize(height: row[0], width: row[1]))
        agreement.compareExactly(
            "\(row.prefix(4))", found, ImageSize(height: row[4], width: row[5]))
    }
    for golden in try file.at("padding").list {
        agreement.expectKeys(of: golden, in: ["sizes", "padded"], "padding")
        let pictures = try golden.at("sizes").rows.map { size in
            Tensor.ones([3, Int(size[0]), Int(size[1])])
        }
        let found = padded(pictures)
        agreement.compareExactly("padded", found.shape, try golden.at("padded").ints)
        agreement.compare(
            "what is in the batch", found.sum(dtype: .float64).item(),
            Double(pictures.map(\.count).reduce(0, +)))
    }
}

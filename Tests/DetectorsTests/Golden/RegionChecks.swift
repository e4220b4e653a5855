import Torch
import TorchTestSupport

@testable import Detectors

@Sendable func checkRoIAlign(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(of: file, in: ["cases"])
    for golden in try file.at("cases").list {
        let task = try RegionTask(golden, &agreement)
        for way in RegionTask.Way.allCases { try task.check(way, &agreement) }
    }
}

/// One case of regions: on one map, or on a pyramid.
private struct RegionTask {
    /// How the maps lie, and who averages.
    enum Way: CaseIterable { case channelsLast, contiguous, operators }

    let golden: JSONValue
    let name: String
    let align: RoIAlign
    let maps: [Tensor]
    let scales: [Double]
    let boxes: Tensor
    let images: Tensor
    let levels: Tensor?

    init(_ golden: JSONValue, _ agreement: inout Agreement) throws {
        self.golden = golden
        name = try golden.at("name").string
        let size = try golden.at("output_size").flat.map { Int($0) }
        align = RoIAlign(
            height: size[0], width: size[size.count - 1],
            samplingRatio: try golden.optional("sampling_ratio")?.int ?? 0,
            aligned: try golden.optional("aligned")?.bool ?? true)
        guard let pyramid = try golden.optional("maps")?.list else {
            agreement.expectKeys(
                of: golden,
                in: [
                    "name", "map", "output_size", "spatial_scale", "sampling_ratio", "aligned",
                    "rois", "pooled", "first_rows", "probe", "gradient", "gradient_row",
                ], name)
            let rows = try golden.at("rois").rows
            maps = [try golden.at("map").filled]
            scales = [try golden.at("spatial_scale").number]
            boxes = Tensor(rows.flatMap { $0[1...] }, shape: [rows.count, 4])
            images = Tensor(rows.map { Int64($0[0]) })
            levels = nil
            return
        }
        agreement.expectKeys(
            of: golden,
            in: [
                "name", "maps", "scales", "output_size", "sampling_ratio", "aligned", "boxes",
                "levels", "pooled", "probe", "gradients",
            ], name)
        maps = try pyramid.map { try $0.filled }
        scales = try golden.at("scales").numbers
        let perImage = try golden.at("boxes").list.map { try $0.boxes }
        boxes = Tensor.concatenate(perImage)
        images = Tensor(
            perImage.enumerated().flatMap { image, boxes in
                repeatElement(Int64(image), count: boxes.size(0))
            })
        let pooler = PyramidPooler(align, strides: scales.map { Int(1 / $0) })
        levels = pooler.levels(of: boxes)
        agreement.compareExactly(
            "\(name) levels", levels?.elements(as: Int64.self).map(Int.init) ?? [],
            try golden.at("levels").ints)
        let pooled = pooler(maps, boxes: perImage)
        for (region, summary) in try golden.at("pooled").list.enumerated() {
            let found = pooled.narrow(0, region..<(region + 1)).reshape(Array(pooled.shape[1...]))
            agreement.compare("\(name) pooler \(region)", found, try summary.summary)
        }
    }

    func check(_ way: Way, _ agreement: inout Agreement) throws {
        let name = "\(name), \(way),"
        let format: MemoryFormat = way == .channelsLast ? .channelsLast : .contiguous
        let leaves = maps.map { $0.contiguous(format).clone() }
        for leaf in leaves { leaf.requiresGrad = true }
        let regions = Regions(
            align: align, scales: scales, boxes: boxes, images: images, levels: levels,
            format: format)
        let pooled =
            way == .operators
            ? regions.pooledByOperators(leaves) : regions.pooledByKernel(leaves)
        agreement.compareExactly("\(name) layout", pooled.isContiguous(format), true)
        for (region, summary) in try golden.at("pooled").list.enumerated() {
            let found = pooled.narrow(0, region..<(region + 1)).reshape(Array(pooled.shape[1...]))
            agreement.compare("\(name) region \(region)", found, try summary.summary)
        }
        if let rows = golden.optional("first_rows") {
            let found = pooled.narrow(1, 0..<1).narrow(2, 0..<1)
            agreement.compare("\(name) first rows", found, try rows.flat)
        }
        (pooled * (try golden.at("probe").filled)).sum().backward()
        let gradients =
            try golden.optional("gradients")?.list ?? [try golden.at("gradient")]
        for (index, (leaf, summary)) in zip(leaves, gradients).enumerated() {
            agreement.compare("\(name) gradient \(index)", leaf.grad, try summary.summary)
        }
        guard let row = golden.optional("gradient_row"), let gradient = leaves[0].grad else {
            return
        }
        // The fourth row of the first channel of the first image.
        let found = gradient.narrow(0, 0..<1).narrow(1, 0..<1).narrow(2, 3..<4)
        agreement.compare("\(name) gradient row", found, try row.numbers)
    }
}

import CDetection
import Torch

extension Regions {
    /// The averages by the kernel, as one node of the graph.
    func pooledByKernel(_ maps: [Tensor]) -> Tensor {
        guard let type = BoxKernels.type(ofNumbers: maps[0].dtype) else {
            return pooledByKernel(maps.map { $0.to(.float32) }).to(maps[0].dtype)
        }
        return customFunction(of: maps) {
            let laid = maps.map { $0.detach().contiguous(.channelsLast) }
            let call = RoIAlignCall(regions: self, type: type, shapes: maps.map(\.shape))
            let pooled = Tensor.empty(
                shape(channels: maps[0].size(1)), dtype: maps[0].dtype, device: .cpu,
                format: format)
            call.run(on: laid) { regions, means in
                cd_roi_align(type, &regions, means, pooled.inOrder(of: format).address())
            }
            return ([pooled], { gradients in call.gradients(gradients[0]) })
        }[0]
    }
}

/// One call of the kernel, which its backward pass repeats on gradients.
private struct RoIAlignCall: Sendable {
    let regions: Regions
    let type: cd_type
    let shapes: [[Int]]
    let boxes: Tensor
    let images: Tensor
    let levels: Tensor?

    init(regions: Regions, type: cd_type, shapes: [[Int]]) {
        self.regions = regions
        self.type = type
        self.shapes = shapes
        boxes = regions.boxes.to(.float64).contiguous()
        images = regions.images.contiguous()
        levels = regions.levels?.contiguous()
    }

    /// Calls a kernel with maps that lie channels last.
    func run(on maps: [Tensor], _ kernel: (inout cd_regions, cd_means) -> Void) {
        let ordered = maps.map { $0.inOrder(of: .channelsLast) }
        withExtendedLifetime((ordered, boxes, images, levels)) {
            guard let box = boxes.address(), let image = images.address() else { return }
            let described = zip(ordered, zip(shapes, regions.scales)).map { map, size in
                cd_map(
                    elements: map.address(), height: Int64(size.0[2]), width: Int64(size.0[3]),
                    scale: size.1)
            }
            described.withUnsafeBufferPointer { described in
                var call = cd_regions(
                    maps: described.baseAddress, map_count: Int64(described.count),
                    images: Int64(shapes[0][0]), channels: Int64(shapes[0][1]),
                    boxes: box.assumingMemoryBound(to: Double.self),
                    image_of: image.assumingMemoryBound(to: Int64.self),
                    map_of: levels?.address()?.assumingMemoryBound(to: Int64.self),
                    count: Int64(regions.count), height: Int64(regions.align.height),
                    width: Int64(regions.align.width),
                    sampling_ratio: Int64(regions.align.samplingRatio),
                    aligned: regions.align.aligned,
                    channels_last: regions.format == .channelsLast)
                let wrong = cd_wrong_region(&call)
                precondition(
                    wrong < 0,
                    "RoIAlign: region \(wrong) is on an image or a map that is not there; "
                        + "\(shapes)")
                kernel(&call, BoxKernels.means)
            }
        }
    }

    /// The gradients for the maps, of one for the result.
    @Sendable func gradients(_ gradient: Tensor?) -> [Tensor?] {
        guard let gradient else { return shapes.map { _ in nil } }
        let given = gradient.contiguous(regions.format)
        let sums = shapes.map { shape in
            Tensor.empty(
                shape, dtype: gradient.dtype == .float64 ? .float64 : .float32, device: .cpu,
                format: .channelsLast
            ).fillZero()
        }
        withExtendedLifetime(given) {
            run(on: sums) { call, means in
                cd_roi_align_backward(
                    type, &call, means, given.inOrder(of: regions.format).address())
            }
        }
        return sums.map { $0.to(gradient.dtype) }
    }
}

extension Tensor {
    /// The dimensions in the order in which the elements of a tensor `[N, C, H, W]` lie.
    fileprivate func inOrder(of format: MemoryFormat) -> Tensor {
        format == .channelsLast ? permute([0, 2, 3, 1]) : self
    }
}

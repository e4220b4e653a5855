import Torch

extension Regions {
    /// The averages by LibTorch's operators, for maps that no kernel of ours takes.
    ///
    /// Every sample becomes four rows of a table of all places, each with its share of the bin; a bin is
    /// the weighted sum of its rows. Samples are listed for some regions at a time. Waits for the device.
    func pooledByOperators(_ maps: [Tensor]) -> Tensor {
        let channels = maps[0].size(1)
        let dtype: DType = maps[0].dtype == .float64 ? .float64 : .float32
        let places = maps.map { $0.to(dtype).permute([0, 2, 3, 1]).reshape([-1, channels]) }
        let table = Tensor.concatenate(places)
        let samples = SampleList(regions: self, maps: maps.map(\.shape))
        let parts = stride(from: 0, to: count, by: 256).map { start in
            samples.sums(of: start..<min(start + 256, count), in: table)
        }
        // Without regions the result is empty, and still hangs on the maps.
        let rows = parts.isEmpty ? table.narrow(0, 0..<0) : Tensor.concatenate(parts)
        return rows.reshape([count, align.height, align.width, channels])
            .permute([0, 3, 1, 2]).to(maps[0].dtype).contiguous(format)
    }
}

/// Which places of the maps the bins of regions average, with which shares.
private struct SampleList {
    let align: RoIAlign

    /// Of each region, `[R]`: the row of the table with the first place of its image, and the sizes of the map.
    let base: Tensor
    let mapHeight: Tensor
    let mapWidth: Tensor

    /// Of each region, `[R]`: where it begins on the map, the sides of its bins, and samples a bin on each axis.
    let top: Tensor
    let left: Tensor
    let binHeight: Tensor
    let binWidth: Tensor
    let down: Tensor
    let across: Tensor

    init(regions: Regions, maps: [[Int]]) {
        let device = regions.boxes.device
        let align = regions.align
        let levels =
            regions.levels ?? .zeros([regions.count], dtype: .int64, device: device)
        func ofMap(_ values: [Int64]) -> Tensor { Tensor(values).to(device).select(0, levels) }
        let sizes = maps.map { Int64($0[0] * $0[2] * $0[3]) }
        let begins = sizes.indices.map { sizes[..<$0].reduce(0, +) }
        self.align = align
        mapHeight = ofMap(maps.map { Int64($0[2]) })
        mapWidth = ofMap(maps.map { Int64($0[3]) })
        base = ofMap(begins) + regions.images * mapHeight * mapWidth

        let boxes = regions.boxes.dtype == .float64 ? regions.boxes : regions.boxes.to(.float32)
        let scales = Tensor(regions.scales).to(boxes.dtype).to(device).select(0, levels)
        let edges = Boxes.columns(boxes).map {
            $0.reshape([-1]) * scales + (align.aligned ? -0.5 : 0)
        }
        left = edges[0]
        top = edges[1]
        let least = align.aligned ? -Double.infinity : 1
        binWidth = (edges[2] - edges[0]).clamped(atLeast: least) / Double(align.width)
        binHeight = (edges[3] - edges[1]).clamped(atLeast: least) / Double(align.height)
        func samples(_ size: Tensor) -> Tensor {
            guard align.samplingRatio == 0 else {
                return .full(
                    size.shape, Double(align.samplingRatio), dtype: .int64, device: device)
            }
            return size.ceil().clamped(atLeast: 0).to(.int64)
        }
        down = samples(binHeight)
        across = samples(binWidth)
    }

    /// The sums for the bins of some regions, `[regions · bins, C]`, bin by bin in rows.
    func sums(of range: Range<Int>, in table: Tensor) -> Tensor {
        let bins = align.height * align.width
        let device = table.device
        let perBin = (down * across).narrow(0, range)
        let perRegion = perBin * whole(bins, device)
        let begins = perRegion.cumulativeSum() - perRegion
        let places = Tensor.arange(0..<bins, device: device)
        let offsets = (begins.unsqueeze(1) + perBin.unsqueeze(1) * places.unsqueeze(0))
            .reshape([-1])
        // For each sample: its region, its bin there, and its number in the bin.
        let owner = perRegion.repeatedIndices()
        guard owner.count > 0 else {
            return Tensor.zeros(
                [range.count * bins, table.size(1)], dtype: table.dtype, device: device)
        }
        let number = Tensor.arange(0..<owner.count, device: device) - begins.select(0, owner)
        let inBin = perBin.select(0, owner)
        let region = owner + whole(range.lowerBound, device)
        let bin = number.quotient(dividingBy: inBin)
        let rest = number - bin * inBin
        let wide = across.select(0, region)
        let row = bin.quotient(dividingBy: whole(align.width, device))
        let y = samples(
            start: top, size: binHeight, count: down, places: mapHeight, region: region,
            bin: row, number: rest.quotient(dividingBy: wide))
        let x = samples(
            start: left, size: binWidth, count: across, places: mapWidth, region: region,
            bin: bin.remainder(dividingBy: align.width), number: rest.remainder(dividingBy: wide))
        let first = base.select(0, region)
        let stride = mapWidth.select(0, region)
        let corners = [(y.low, x.low), (y.low, x.high), (y.high, x.low), (y.high, x.high)]
        let indices = Tensor.stack(
            corners.map { first + $0.0.place * stride + $0.1.place }, dimension: 1)
        let shares = Tensor.stack(corners.map { $0.0.share * $0.1.share }, dimension: 1)
        return table.weightedRowSums(
            indices: indices.reshape([-1]), offsets: offsets * whole(4, device),
            weights: shares.reshape([-1]).to(table.dtype))
    }

    /// A whole number that leaves whole numbers whole: one of Swift's makes them float32.
    private func whole(_ number: Int, _ device: Device) -> Tensor {
        .full([], Double(number), dtype: .int64, device: device)
    }

    /// Places of a map along one axis, and their shares in a bin.
    private typealias Taps = (place: Tensor, share: Tensor)

    /// For samples along one axis the two places that they lie between.
    private func samples(
        start: Tensor, size: Tensor, count: Tensor, places: Tensor, region: Tensor, bin: Tensor,
        number: Tensor
    ) -> (low: Taps, high: Taps) {
        let dtype = start.dtype
        let size = size.select(0, region)
        let count = count.select(0, region).to(dtype)
        let last = places.select(0, region).to(dtype) + -1
        let at =
            start.select(0, region) + bin.to(dtype) * size
            + (number.to(dtype) + 0.5) * size / count
        let isOnMap = at.isAtLeast(-1).and((last + 1).isAtLeast(at)).to(dtype)
        let inside = at.clamped(atLeast: 0).minimum(last)
        let low = inside.floor()
        let beyond = (inside - low) * isOnMap / count
        return (
            (low.to(.int64), isOnMap / count - beyond),
            ((low + 1).minimum(last).to(.int64), beyond)
        )
    }
}

/// How a range of numbers becomes whole numbers of 0...255, with 0 among those that are exact.
struct QuantizedValue: Equatable {
    /// The step between neighbouring numbers.
    let scale: Float

    /// The whole number that means 0.
    let zeroPoint: UInt8

    /// Spreads a range, widened so that it holds 0, over all whole numbers.
    init(_ range: ClosedRange<Double>) {
        let (least, most) = (min(range.lowerBound, 0), max(range.upperBound, 0))
        let scale = (most - least) / 255
        self.scale = scale > 0 ? Float(scale) : 1
        zeroPoint = UInt8((-least / Double(self.scale)).rounded().clamped(to: 0...255))
    }
}

/// The weights of a layer in whole numbers of −127...127, with a scale for each output channel.
struct QuantizedWeights {
    /// The step of each output channel.
    let scales: [Float]

    /// The weights.
    let values: [Int8]

    /// Rounds weights.
    ///
    /// - Parameters:
    ///   - weights: row major, the output channels outermost.
    ///   - channels: how many output channels there are.
    ///   - bias: what is added to each, which must fit into 32 bits too; nil for nothing.
    ///   - inputScale: the step of what is multiplied.
    init(_ weights: [Float], channels: Int, bias: [Float]?, inputScale: Float) {
        let width = weights.count / max(channels, 1)
        var scales: [Float] = []
        var values: [Int8] = []
        values.reserveCapacity(weights.count)
        for channel in 0..<channels {
            let row = weights[channel * width..<(channel + 1) * width]
            let largest = row.reduce(0) { max($0, abs($1)) }
            // A bias is a whole number of steps of both factors together; half of 32 bits leaves room for the sum.
            let forBias = bias.map { abs($0[channel]) / (inputScale * Float(1 << 30)) } ?? 0
            let scale = max(largest / 127, forBias)
            scales.append(scale > 0 ? scale : 1)
            for weight in row {
                values.append(Int8((weight / scales[channel]).rounded(.toNearestOrEven)))
            }
        }
        self.scales = scales
        self.values = values
    }

    /// A bias in steps of both factors.
    func bias(_ bias: [Float], inputScale: Float) -> [Int32] {
        zip(bias, scales).map { value, scale in
            let steps = Double(value) / (Double(inputScale) * Double(scale))
            return Int32(steps.rounded(.toNearestOrEven).clamped(to: -0x1p31...(0x1p31 - 1)))
        }
    }
}

extension Comparable {
    /// The nearest value of a range.
    fileprivate func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}

import Basics
import Recipes
import Torch
import Training
import VisionModels

/// What of a convolution is timed.
public enum ConvolutionDirection: String, CaseIterable, Sendable {
    /// The convolution alone, with weights that change from step to step.
    case forward

    /// Convolution, bias, an addition and ReLU with frozen weights, as in a teacher.
    case forwardUnit = "forward-unit"

    /// The input's gradient.
    case backwardInput = "backward-input"

    /// The weights' gradient.
    case backwardWeight = "backward-weight"
}

/// How long each kernel takes for one shape and direction.
public struct KernelTimes: Sendable {
    /// Which convolution.
    public let convolution: AppliedConvolution

    /// How many images at once.
    public let batchSize: Int

    /// What of it.
    public let direction: ConvolutionDirection

    /// The median milliseconds of each kernel that there is, the fastest first.
    public let milliseconds: [(kernels: Processor.Convolution, median: Double)]

    /// The shape in words, such as `128x64x32x32 -> 64, 3x3, stride 1`.
    public var shape: String {
        let of = convolution
        return "\(batchSize)x\(of.inChannels)x\(of.height)x\(of.width) -> \(of.outChannels), "
            + "\(of.kernelSize)x\(of.kernelSize), stride \(of.stride)"
            + (of.groups > 1 ? ", depthwise" : "")
    }
}

extension Recipe {
    /// Times the kernels that this processor has for the convolutions of this recipe's networks, in bfloat16.
    ///
    /// Each shape is timed once. What has one kernel only is left out, such as the input's gradient of the first one,
    /// on three channels. The kernels take turns, since a processor's speed changes with its heat.
    ///
    /// - Parameters:
    ///   - rounds: how many turns each kernel has; each lasts at least five milliseconds.
    ///   - report: called with each line as it is measured.
    /// - Throws: where networks cannot be made.
    public func timeKernels(rounds: Int, report: (KernelTimes) -> Void) throws {
        let size = try BenchmarkImages(of: self).size
        let names = [teacher?.model, student.model].compactMap(\.self)
        var seen: Set<AppliedConvolution> = []
        for name in names {
            let network = try Architecture(named: name).make(
                classCount: 100, generator: generator(13), device: .meta)
            for convolution in network.convolutions(imageSize: size)
            where convolution.hasKernelsOfOurs && seen.insert(convolution).inserted {
                let trial = KernelTrial(convolution, batchSize: batchSize, generator: generator(12))
                for direction in convolution.directions {
                    report(trial.times(direction, rounds: rounds))
                }
            }
        }
    }
}

extension AppliedConvolution {
    /// Whether there is more than LibTorch's kernel on some processor.
    fileprivate var hasKernelsOfOurs: Bool {
        isDepthwise
            || groups == 1 && outChannels.isMultiple(of: 16) && padding == kernelSize / 2
                && stride <= 2
                && (kernelSize == 3 || kernelSize == 1 && !hasFewChannels)
                && (hasFewChannels || inChannels.isMultiple(of: 16))
    }

    /// Whether it is one of those that we have a kernel for.
    fileprivate var isDepthwise: Bool {
        groups > 1 && groups == inChannels && groups == outChannels && groups >= 16
            && kernelSize == 3 && padding == 1 && stride <= 2
    }

    /// What there is more than one kernel for.
    fileprivate var directions: [ConvolutionDirection] {
        if isDepthwise { return [.forward, .backwardInput, .backwardWeight] }
        return hasFewChannels
            ? [.forward, .forwardUnit, .backwardWeight] : ConvolutionDirection.allCases
    }

    private var hasFewChannels: Bool { inChannels <= 3 }
}

/// One convolution on random numbers, by every kernel of this processor.
private struct KernelTrial {
    let convolution: AppliedConvolution
    let batchSize: Int
    let input: Tensor
    let weight: Tensor
    let bias: Tensor
    let output: Tensor

    init(_ convolution: AppliedConvolution, batchSize: Int, generator: Generator) {
        self.convolution = convolution
        self.batchSize = batchSize
        func random(_ shape: [Int]) -> Tensor {
            Tensor.empty(shape).fillNormal(generator: generator)
        }
        let side = { (length: Int) in (length - 1) / convolution.stride + 1 }
        input = random([batchSize, convolution.inChannels, convolution.height, convolution.width])
            .to(.bfloat16).contiguous(.channelsLast)
        output = random([
            batchSize, convolution.outChannels, side(convolution.height), side(convolution.width),
        ]).to(.bfloat16).contiguous(.channelsLast)
        weight = random([
            convolution.outChannels, convolution.inChannels / convolution.groups,
            convolution.kernelSize, convolution.kernelSize,
        ])
        bias = random([convolution.outChannels])
    }

    /// The median of each kernel.
    func times(_ direction: ConvolutionDirection, rounds: Int) -> KernelTimes {
        // Depthwise convolutions have no use for the matrix unit.
        let runs = Processor.current.variants
            .filter { !convolution.isDepthwise || $0.convolution != .amx }
            .map { (kernels: $0.convolution, run: run(direction, on: $0)) }
        let medians = withoutGrad {
            let counts = runs.map { repetitions($0.run) }
            var times: [[Double]] = runs.map { _ in [] }
            for _ in 0..<rounds {
                for (index, run) in runs.enumerated() {
                    times[index].append(seconds(run.run, counts[index]) / Double(counts[index]))
                }
            }
            return times.map { $0.median * 1000 }
        }
        return KernelTimes(
            convolution: convolution, batchSize: batchSize, direction: direction,
            milliseconds: zip(runs.map(\.kernels), medians).map { ($0, $1) }
                .sorted { $0.median < $1.median })
    }

    private func run(
        _ direction: ConvolutionDirection, on processor: Processor
    ) -> () -> Void {
        let (stride, padding, groups) = (
            convolution.stride, convolution.padding, convolution.groups
        )
        switch direction {
        case .forward:
            return {
                _ =
                    ours(on: processor)
                    ?? input.conv2d(
                        weight: weight.to(.bfloat16).contiguous(.channelsLast), stride: stride,
                        padding: padding, groups: groups)
            }
        case .forwardUnit:
            let frozen = weight.to(.bfloat16).contiguous(.channelsLast)
            let shift = bias.to(.bfloat16)
            if let packed = PackedConvolution(
                weight: weight, stride: stride, padding: padding, kernels: processor.convolution)
            {
                return { _ = packed(input, bias: shift, addend: output, relu: true) }
            }
            guard Processor.fusesBFloat16 else {
                return {
                    _ =
                        (input.conv2d(
                            weight: frozen, bias: shift, stride: stride, padding: padding) + output)
                        .relu()
                }
            }
            return {
                _ = oneDNNConvolution(
                    input, weight: frozen, bias: shift, addend: output, stride: stride,
                    padding: padding, relu: true)
            }
        case .backwardInput, .backwardWeight:
            let isInput = direction == .backwardInput
            let wanted = WantedGradients(input: isInput, weight: !isInput)
            return {
                _ = convolutionGradients(
                    output, input: input, weight: weight, stride: stride, padding: padding,
                    groups: groups, wanted: wanted, on: processor)
            }
        }
    }

    /// The output of our kernels; nil where they are not the processor's.
    private func ours(on processor: Processor) -> Tensor? {
        guard convolution.isDepthwise else {
            return fusedConvolution(
                input, weight: weight, stride: convolution.stride, padding: convolution.padding,
                on: processor)
        }
        guard processor.convolution != .onednn else { return nil }
        return fusedDepthwiseConvolution3x3(input, weight: weight, stride: convolution.stride)
    }

    /// How often a turn repeats the work, so that it lasts five milliseconds.
    private func repetitions(_ run: () -> Void) -> Int {
        run()
        return max(1, Int((0.005 / max(seconds(run, 1), 1e-6)).rounded(.up)))
    }

    private func seconds(_ run: () -> Void, _ count: Int) -> Double {
        let start = ContinuousClock.now
        for _ in 0..<count { run() }
        return (ContinuousClock.now - start).seconds
    }
}

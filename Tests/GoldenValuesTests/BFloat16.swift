import Distillation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

/// bfloat16 against float64, by the yardstick of PyTorch's autocast on the same processor in the same
/// run: the same task by `PlainLayers`.
///
/// What is compared are tensors. A loss is one number, whose error is a matter of luck: by the root mean
/// square over eight batches, one of two equally good programs is found 1.5 times worse than the other
/// once in seven times. (`RoundingTests` are stricter where a kernel is our own.)
extension GoldenValues {
    @Test(
        "A forward pass in bfloat16 errs as little as PyTorch's autocast on this processor",
        arguments: GoldenFile.all(of: .forward))
    func forwardInBFloat16(_ file: GoldenFile) throws {
        let golden = try file.decode(ForwardFile.self)
        let exact = try golden.features()
        let plain = try golden.features(.autocast, .plain).errors(against: exact)
        expect(plain, areThoseOfPyTorch: file)
        func shares(_ execution: Execution) throws -> [Share] {
            let errors = try golden.features(.bfloat16, execution).errors(against: exact)
            return self.shares(of: errors, in: plain, "\(file.name) \(execution)")
        }
        for share in try shares(.asTheyStand) { #expect(share.value <= 1.2, "\(share.name)") }
        // Weights are rounded after folding, so that these are other numbers than PyTorch's.
        for share in try shares(.folded) { #expect(share.value <= 1.5, "\(share.name) folded") }
    }

    @Test(
        "Convolutions that sum in bfloat16 would be refused",
        arguments: GoldenFile.all(of: .forward).filter { $0.name.contains("-resnet") })
    func summingInBFloat16(_ file: GoldenFile) throws {
        let golden = try file.decode(ForwardFile.self)
        let exact = try golden.features()
        let plain = try golden.features(.autocast, .plain).errors(against: exact)
        let errors = try golden.features(.autocast, .summing).errors(against: exact)
        let worst = shares(of: errors, in: plain, "\(file.name) \(Execution.summing)").map(\.value)
            .max()
        #expect(try #require(worst) > 1.2)
    }

    @Test(
        "First steps in bfloat16 err as little as PyTorch's autocast on this processor",
        arguments: GoldenFile.all(of: .pair))
    func firstStepsInBFloat16(_ file: GoldenFile) throws {
        let golden = try file.decode(PairFile.self)
        let exact = try PairTask(golden)
        let task = try PairTask(golden, .bfloat16)
        let plainTask = try PairTask(golden, .autocast)
        var ours = MeanErrors()
        var plain = MeanErrors()
        for images in 0..<4 {
            let reference = exact.firstStep(images: images)
            let step = task.firstStep(images: images)
            for (name, error) in step.lossErrors(against: reference) {
                #expect(error <= 0.05, "\(file.name) \(name)")
            }
            ours.add(step.errors(against: reference))
            plain.add(plainTask.firstStep(images: images, plain: true).errors(against: reference))
        }
        expect(plain.errors, areThoseOfPyTorch: file)
        for share in shares(of: ours.errors, in: plain.errors, file.name) {
            #expect(share.value <= 1.2, "\(share.name)")
        }
    }

    @Test(
        "The plain layers agree with the golden values in float64",
        arguments: GoldenFile.all(of: .pair))
    func plainLayers(_ file: GoldenFile) throws {
        let golden = try file.decode(PairFile.self)
        let terms = try PairTask(golden).plainForward(step: 0).terms
        let step = try #require(golden.steps.first)
        #expect(abs(terms.terms[0].value.item() / step.ce - 1) < 1e-6)
        #expect(abs(terms.terms[1].value.item() / step.hcl - 1) < 1e-6)
    }

    /// Errors as multiples of the yardstick's; where that is off by as much as zeros would be, nothing can
    /// be asked.
    private func shares(
        of errors: [NamedError], in limits: [NamedError], _ name: String
    ) -> [Share] {
        #expect(errors.map(\.name) == limits.map(\.name))
        let pairs = zip(errors, limits)
        let lost = pairs.filter { 1.5 * $1.error >= 1 }.map(\.1.name)
        if !lost.isEmpty {
            print(
                "bfloat16 \(name): lost in PyTorch's autocast too: \(lost.joined(separator: ", "))")
        }
        let shares = pairs.filter { 1.5 * $1.error < 1 }.map {
            Share(name: "\(name) \($0.name)", value: $0.error / $1.error)
        }
        let worst = shares.map(\.value).max() ?? .infinity
        print("bfloat16 \(name): errors at most \(worst) times PyTorch's")
        return shares
    }

    /// That the yardstick is PyTorch's autocast, and not our own code under another name: PyTorch itself
    /// has these errors, give or take what the processors' kernels differ in.
    private func expect(_ plain: [NamedError], areThoseOfPyTorch file: GoldenFile) {
        guard let measured = pyTorchBFloat16Errors[file.name] else {
            print("bfloat16 \(file.name): PyTorch's own error was not measured for this file")
            return
        }
        let found = plain.first { $0.name == measured.name }?.error ?? .infinity
        print("bfloat16 \(file.name) \(measured.name): \(found), in PyTorch \(measured.error)")
        #expect((0.5...2).contains(found / measured.error), "\(file.name) \(measured.name)")
    }
}

private struct Share {
    let name: String
    let value: Double
}

private func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
}

/// How the layers of a forward pass are carried out.
enum Execution { case asTheyStand, folded, plain, summing }

extension ForwardFile {
    func features(
        _ arithmetic: Arithmetic = .golden, _ execution: Execution = .asTheyStand
    ) throws -> FeaturePyramid {
        let network = try network(arithmetic)
        let images = input.tensor(arithmetic)
        return withoutGrad {
            withAutocast(arithmetic.precision.autocast, on: .cpu) {
                switch execution {
                case .asTheyStand: network.features(images)
                case .folded: network.folded(dtype: .bfloat16).features(images)
                case .plain: network.features(images, by: PlainLayers())
                case .summing:
                    network.features(images, by: PlainLayers(sumsInBFloat16: true))
                }
            }
        }
    }
}

extension FirstStep {
    fileprivate func errors(against exact: FirstStep) -> [NamedError] {
        let each = gradientErrors(against: exact).map(\.error)
        return zip(parts, exact.parts).map { ($0.name, relativeError($0.tensor, $1.tensor)) } + [
            ("gradient", relativeError(allGradients, exact.allGradients)),
            ("tensors", rootMeanSquare(each)),
        ]
    }
}

/// The root mean squares of errors over several batches.
private struct MeanErrors {
    private var squares: [NamedError] = []
    private var count = 0.0

    var errors: [NamedError] { squares.map { ($0.name, ($0.error / count).squareRoot()) } }

    mutating func add(_ errors: [NamedError]) {
        if squares.isEmpty { squares = errors.map { ($0.name, 0) } }
        for (index, error) in errors.enumerated() {
            squares[index].error += error.error * error.error
        }
        count += 1
    }
}

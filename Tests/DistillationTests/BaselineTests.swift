import Foundation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation

@Suite struct FeatureBaselineTests {
    private func norm(_ scale: Float, _ shift: Float) -> BatchNorm2d {
        let norm = BatchNorm2d(1)
        withoutGrad {
            _ = norm.weight.copy(from: Tensor([scale]))
            _ = norm.bias.copy(from: Tensor([shift]))
        }
        return norm
    }

    /// Simpson's rule for the mean of what is below 0 of a normal distribution.
    private func meanBelowZero(_ mean: Double, _ deviation: Double) -> Double {
        let count = 20_000
        let least = mean - 12 * deviation
        let width = (0 - least) / Double(count)
        var mass = 0.0
        var sum = 0.0
        for index in 0...count {
            let x = least + Double(index) * width
            let share = index == 0 || index == count ? 1.0 : index % 2 == 1 ? 4 : 2
            let density = exp(-pow((x - mean) / deviation, 2) / 2) * share
            mass += density
            sum += x * density
        }
        return sum / mass
    }

    @Test(
        "The margin of OFD is the mean of a batch norm's negative responses",
        arguments: [(Float(1), Float(0)), (0.5, 0.3), (-0.8, 0.2), (1.2, -2), (0.3, 0.7)])
    func margin(_ scale: Float, _ shift: Float) {
        let margin = OverhaulDistillation.margin(of: norm(scale, shift)).item()
        let expected = meanBelowZero(Double(shift), Double(abs(scale)))
        #expect(abs(margin - expected) < 1e-5)
    }

    @Test("Where hardly any response is negative the margin is three deviations below 0")
    func rareMargin() {
        #expect(abs(OverhaulDistillation.margin(of: norm(-0.5, 2)).item() + 1.5) < 1e-6)
    }

    @Test("OFD weighs shallow stages less, each half of the next")
    func overhaulStages() throws {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet14, base: 5000)
        let term = try OverhaulDistillation(
            student: student, teacher: teacher, generator: Generator(seed: 0))
        let pyramids = (student.features(smallImages), teacher.features(smallImages))
        let whole = term(
            Observation(
                student: pyramids.0, teacher: pyramids.1, classes: batch.targets,
                indices: batch.indices)
        ).item()
        let connected = term.connectors(pyramids.0.preactivations)
        let norms = try #require(teacher.stageNorms)
        let parts = (0..<3).map { stage in
            OverhaulDistillation.loss(
                student: connected[stage], teacher: pyramids.1.preactivations[stage],
                margin: OverhaulDistillation.margin(of: norms[stage]).reshape([1, -1, 1, 1])
            ).item()
        }
        let sum = parts[0] / 4 + parts[1] / 2 + parts[2]
        #expect(abs(whole - sum) <= 1e-4 * abs(sum))
    }

    @Test(
        "FitNet's regressor is the toolkits' convolution for each relation of sizes, then batch norm and ReLU",
        arguments: [
            (from: 16, to: 8, kernel: [5, 3, 3, 3]), (8, 16, [3, 5, 4, 4]), (8, 8, [5, 3, 1, 1]),
            (16, 4, [5, 3, 13, 13]), (9, 7, [5, 3, 3, 3]),
        ])
    func regressor(_ from: Int, _ to: Int, _ kernel: [Int]) throws {
        let regressor = try #require(
            FitNet.Regressor(3, 5, from: from, to: to, generator: Generator(seed: 0)))
        regressor.convert(dtype: .float64)
        let state = regressor.stateDict()
        state.fillWithHash(base: 0)
        let weight = try #require(state.first { $0.name == "conv.weight" }).tensor
        #expect(weight.shape == kernel)
        let input = Tensor.hashed(1, shape: [2, 3, from, from])
        let output = withoutGrad { regressor(input) }
        // By hand: every output place, transposed where the map grows.
        let bias = try #require(state.first { $0.name == "conv.bias" }).tensor
        let convolved = convolve(
            input, weight, bias, to: to, stride: from == 2 * to || 2 * from == to ? 2 : 1,
            padding: from == 2 * to || 2 * from == to ? 1 : 0, transposed: 2 * from == to)
        let mean = convolved.mean([0, 2, 3], keepDimensions: true)
        let variance = ((convolved - mean) * (convolved - mean))
            .mean([0, 2, 3], keepDimensions: true)
        let shape = [1, 5, 1, 1]
        let normal =
            (convolved - mean) / (variance + 1e-5).sqrt()
            * regressor.bn.weight.detach().reshape(shape)
            + regressor.bn.bias.detach().reshape(shape)
        expectClose(output, normal.relu(), relative: 1e-9, absolute: 1e-12)
    }

    /// A convolution of square maps by its definition, five loops over places, channels and kernel.
    private func convolve(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor, to size: Int, stride: Int,
        padding: Int, transposed: Bool
    ) -> Tensor {
        let (images, inChannels, from) = (input.size(0), input.size(1), input.size(2))
        let (outChannels, kernel) = (weight.size(transposed ? 1 : 0), weight.size(2))
        let pixels = input.elements(as: Double.self)
        let weights = weight.detach().elements(as: Double.self)
        let shifts = bias.detach().elements(as: Double.self)
        func place(_ output: Int, _ tap: Int) -> Int? {
            if transposed {
                let scaled = output + padding - tap
                return scaled % stride == 0 && (0..<from).contains(scaled / stride)
                    && scaled >= 0 ? scaled / stride : nil
            }
            let found = output * stride + tap - padding
            return (0..<from).contains(found) ? found : nil
        }
        var result: [Double] = []
        for image in 0..<images {
            for channel in 0..<outChannels {
                for (row, column) in (0..<size * size).map({ ($0 / size, $0 % size) }) {
                    var sum = shifts[channel]
                    for (tapRow, tapColumn) in (0..<kernel * kernel).map({
                        ($0 / kernel, $0 % kernel)
                    }) {
                        guard let y = place(row, tapRow), let x = place(column, tapColumn) else {
                            continue
                        }
                        for source in 0..<inChannels {
                            let pair =
                                transposed
                                ? source * outChannels + channel : channel * inChannels + source
                            sum +=
                                pixels[((image * inChannels + source) * from + y) * from + x]
                                * weights[(pair * kernel + tapRow) * kernel + tapColumn]
                        }
                    }
                    result.append(sum)
                }
            }
        }
        return Tensor(result, shape: [images, outChannels, size, size])
    }

    @Test(
        "FitNet takes the same stage of both networks, and between any two models it has a regressor"
    )
    func fitNetStages() throws {
        for (group, imageSize) in [(Architecture.cifar, 32), (Architecture.imagenet, 224)] {
            let networks = group.map {
                $0.make(classCount: 2, generator: Generator(seed: 0))
            }
            for student in networks {
                for teacher in networks {
                    let term = try FitNet(
                        student: student, teacher: teacher, imageSize: imageSize,
                        generator: Generator(seed: 0))
                    let weight = try #require(term.trainableParameters.first).tensor
                    let widths = [teacher.stageInfo[1].channels, student.stageInfo[1].channels]
                    #expect(weight.shape.prefix(2).sorted() == widths.sorted())
                }
            }
        }
    }

    @Test(
        "Every model but ShuffleNetV2 can be OFD's teacher, with a margin for each channel of each stage"
    )
    func overhaulTeachers() throws {
        for model in Architecture.all where model != .shuffleV2 {
            let network = model.make(classCount: 2, generator: Generator(seed: 0), device: .meta)
            #expect(
                network.stageNorms?.map { $0.weight.size(0) } == network.stageInfo.map(\.channels),
                "\(model)")
        }
        let teacher = Architecture.mobileNetV2.make(classCount: 5, generator: Generator(seed: 1))
        let student = smallNetwork()
        let images = Tensor.hashed(1, shape: [4, 3, 32, 32], scale: 1.5, dtype: .float32)
        let term = try OverhaulDistillation(
            student: student, teacher: teacher, generator: Generator(seed: 0))
        let loss = term(
            Observation(
                student: student.features(images), teacher: teacher.features(images),
                classes: batch.targets, indices: batch.indices))
        #expect(loss.item() > 0 && loss.item().isFinite)
        #expect(throws: DistillationError.noMargins(teacher: "ShuffleNetV2")) {
            try OverhaulDistillation(
                student: smallNetwork(), teacher: smallNetwork(.shuffleV2),
                generator: Generator(seed: 0))
        }
    }

    @Test("DKD grows over its epochs counted from 1, and is whole in the last of them")
    func decoupledWarmup() {
        let term = DecoupledKnowledgeDistillation(.init(weight: 2, warmupEpochs: 20))
        let weights = [0, 9, 19, 30].map {
            term.weight(at: TrainingProgress(epoch: $0, step: 0, totalSteps: 1))
        }
        #expect(weights == [0.1, 1, 2, 2])
        let whole = DecoupledKnowledgeDistillation(.init(weight: 2))
        #expect(whole.weight(at: TrainingProgress(epoch: 0, step: 0, totalSteps: 1)) == 2)
    }

    @Test("DIST has finite gradients for a batch of one image, whose columns do not vary")
    func oneImage() throws {
        let student = Tensor.hashed(1, shape: [1, 10])
        student.requiresGrad = true
        DIST().loss(student: student, teacher: Tensor.hashed(2, shape: [1, 10])).backward()
        #expect(try #require(student.grad).isFinite().all().item() == 1)
    }

    @Test("To a map four times as large there is no regressor, and FitNet says so")
    func noRegressor() {
        #expect(FitNet.Regressor(3, 5, from: 4, to: 16, generator: Generator(seed: 0)) == nil)
        let network = smallNetwork()
        let error = #expect(throws: DistillationError.self) {
            try FitNet(
                .init(stage: 4), student: network, teacher: network, imageSize: 8,
                generator: Generator(seed: 0))
        }
        #expect(error?.description.contains("stage 4 of the student") == true)
    }

    @Test("FitNet is the mean squared error of its stage, and its regressor learns")
    func fitNet() throws {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet8x4)
        let term = try FitNet(
            student: student, teacher: teacher, imageSize: 8, generator: Generator(seed: 0))
        let pyramids = (student.features(smallImages), teacher.features(smallImages))
        let loss = term(
            Observation(
                student: pyramids.0, teacher: pyramids.1, classes: batch.targets,
                indices: batch.indices))
        let difference = term.hints[0].regressor(pyramids.0.stages[1]) - pyramids.1.stages[1]
        expectClose(loss, [(difference * difference).mean().item()], relative: 1e-4)
        loss.backward()
        #expect(term.trainableParameters.allSatisfy { $0.tensor.grad != nil })
        #expect(term.trainableParameters.count == 4)
    }

    @Test("FitNet of stage 0 is the sum over all stages, each with a regressor of its own")
    func fitNetOfAllStages() throws {
        let student = smallNetwork()
        let teacher = smallNetwork(.resnet8x4)
        func term(_ stage: Int) throws -> FitNet {
            try FitNet(
                .init(stage: stage), student: student, teacher: teacher, imageSize: 8,
                generator: Generator(seed: 0))
        }
        let all = try term(0)
        let observation = Observation(
            student: student.features(smallImages), teacher: teacher.features(smallImages),
            classes: batch.targets, indices: batch.indices)
        let errors = all.hints.map { hint in
            let difference =
                hint.regressor(observation.student.stages[hint.stage])
                - observation.teacher.stages[hint.stage]
            return (difference * difference).mean().item()
        }
        #expect(errors.count == student.stageInfo.count)
        expectClose(all(observation), [errors.reduce(0, +)], relative: 1e-4)
        let names = all.trainableParameters.map(\.name)
        #expect(Set(names).count == 4 * errors.count)
        #expect(names.contains("fitnet.regressor.2.conv.weight"))
        #expect(throws: DistillationError.self) { try term(4) }
    }

    private let batch = Batch(
        images: smallImages, targets: Tensor([0, 1, 2, 3] as [Int64]),
        indices: Tensor.arange(0..<4))
}

@Suite struct ContrastiveTests {
    private let labels = [0, 1, 0, 1]

    /// The loss of Tian et al., equation 19, by hand: every image has two others of another class.
    private func expected(
        _ embeddings: [[Double]], _ memory: [[Double]], negatives: [[Int]], constant: Double?
    ) -> (loss: Double, constant: Double) {
        func score(_ image: Int, _ entry: Int) -> Double {
            exp(zip(embeddings[image], memory[entry]).reduce(0) { $0 + $1.0 * $1.1 } / 0.07)
        }
        let scores = embeddings.indices.map { image in
            ([image] + negatives[image]).map { score(image, $0) }
        }
        let all = scores.flatMap(\.self)
        let z = constant ?? all.reduce(0, +) / Double(all.count) * 4
        let noise = 2.0 / 4
        var sum = 0.0
        for row in scores {
            sum += log(row[0] / z / (row[0] / z + noise + 1e-7))
            for other in row.dropFirst() { sum += log(noise / (other / z + noise + 1e-7)) }
        }
        return (-sum / 4, z)
    }

    private func rows(_ tensor: Tensor, _ width: Int) -> [[Double]] {
        let values = tensor.to(.float64).elements(as: Double.self)
        return stride(from: 0, to: values.count, by: width).map {
            Array(values[$0..<($0 + width)])
        }
    }

    private func unit(_ rows: [[Double]]) -> [[Double]] {
        rows.map { row in
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return row.map { $0 / length }
        }
    }

    @Test("CRD on a memory of four images is its formula, and the memory moves half-way")
    func fourImages() throws {
        var settings = ContrastiveRepresentationDistillation.Settings()
        settings.width = 3
        settings.negatives = 2
        let term = try ContrastiveRepresentationDistillation(
            studentWidth: 5, teacherWidth: 6, labels: labels, settings: settings, seed: 1)
        let contrast = term.contrast
        contrast.convert(dtype: .float64)
        let student = Tensor.hashed(1, shape: [4, 5])
        let teacher = Tensor.hashed(2, shape: [4, 6])
        let others = labels.indices.map { image in
            labels.indices.filter { labels[$0] != labels[image] }
        }
        var constants: [Double?] = [nil, nil]
        for _ in 0..<2 {
            let memories = [contrast.teacherMemory, contrast.studentMemory].map { rows($0, 3) }
            let embedded = [
                unit(rows(withoutGrad { contrast.embedS(student) }, 3)),
                unit(rows(withoutGrad { contrast.embedT(teacher) }, 3)),
            ]
            let loss = contrast(
                student: student, teacher: teacher, positions: Tensor.arange(0..<4),
                targets: Tensor(labels.map(Int64.init)))
            var sum = 0.0
            for side in 0..<2 {
                let (part, constant) = expected(
                    embedded[side], memories[side], negatives: others, constant: constants[side])
                sum += part
                constants[side] = constant
            }
            expectClose(loss, [sum], relative: 1e-9)
            let moved = zip(memories[1], embedded[0]).map { old, new in
                zip(old, new).map { ($0 + $1) / 2 }
            }
            expectClose(
                contrast.studentMemory, unit(moved).flatMap(\.self), relative: 1e-9)
            loss.backward()
            #expect(term.trainableParameters.allSatisfy { $0.tensor.grad != nil })
        }
    }

    @Test("Negatives are of other classes, all different, and new at each step")
    func negatives() throws {
        let labels = (0..<300).map { $0 * $0 % 7 }
        let sampler = try NegativeSampler(labels: labels, seed: 3)
        let positions = [0, 5, 17, 299]
        let targets = Tensor(positions.map { Int64(labels[$0]) })
        var drawn: Set<[Int64]> = []
        for _ in 0..<10 {
            let rows = sampler(
                Tensor(positions.map(Int64.init)), targets: targets, count: 40
            ).elements(as: Int64.self)
            for (row, position) in positions.enumerated() {
                let places = rows[(41 * row)..<(41 * row + 41)].map(Int.init)
                #expect(places[0] == position)
                #expect(Set(places).count == 41)
                #expect(places.dropFirst().allSatisfy { labels[$0] != labels[position] })
            }
            drawn.insert(rows)
        }
        #expect(drawn.count == 10)
    }

    @Test("Every image of another class is drawn about equally often")
    func evenness() throws {
        let labels = (0..<200).map { $0 % 4 }
        let sampler = try NegativeSampler(labels: labels, seed: 5)
        let positions = (0..<50).map { Int64(4 * $0) }
        let targets = Tensor(positions.map { _ in Int64(0) })
        var counts = Array(repeating: 0, count: 200)
        let steps = 200
        for _ in 0..<steps {
            let rows = sampler(Tensor(positions), targets: targets, count: 30)
                .elements(as: Int64.self)
            for row in 0..<50 {
                for place in rows[(31 * row + 1)..<(31 * row + 31)] { counts[Int(place)] += 1 }
            }
        }
        let mean = Double(steps * 50 * 30) / 150
        let others = counts.enumerated().filter { labels[$0.offset] != 0 }.map(\.element)
        // A share of 0.2 in 10,000 draws has a deviation of 2 %.
        #expect(others.allSatisfy { abs(Double($0) / mean - 1) < 0.12 }, "\(counts)")
    }

    @Test("A set of one class has no negatives, and more than there are come again")
    func corners() throws {
        #expect(throws: DistillationError.oneClass) {
            try NegativeSampler(labels: [2, 2, 2], seed: 0)
        }
        #expect(throws: DistillationError.oneClass) {
            try NegativeSampler(labels: [2, nil, 2], seed: 0)
        }
        let sampler = try NegativeSampler(labels: [0, 1, 1], seed: 0)
        let places = sampler(
            Tensor([0] as [Int64]), targets: Tensor([0] as [Int64]), count: 9
        ).elements(as: Int64.self)
        #expect(Set(places.dropFirst()) == [1, 2])
    }
}

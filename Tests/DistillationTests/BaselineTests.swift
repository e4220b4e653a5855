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
            Observation(student: pyramids.0, teacher: pyramids.1, batch: batch)
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
        "FitNet's regressor comes to the teacher's width and size",
        arguments: [(16, 8), (8, 16), (8, 8), (16, 4), (9, 7)])
    func regressor(_ from: Int, _ to: Int) throws {
        let regressor = try #require(
            FitNet.Regressor(3, 5, from: from, to: to, generator: Generator(seed: 0)))
        let output = regressor(Tensor.hashed(1, shape: [2, 3, from, from], dtype: .float32))
        #expect(output.shape == [2, 5, to, to])
        #expect(output.elements(as: Float.self).allSatisfy { $0 >= 0 })
    }

    @Test("To a map four times as large there is no regressor, and FitNet says so")
    func noRegressor() {
        #expect(FitNet.Regressor(3, 5, from: 4, to: 16, generator: Generator(seed: 0)) == nil)
        let network = smallNetwork()
        let error = #expect(throws: DistillationError.self) {
            try FitNet(
                student: network, teacher: network, stage: 4, imageSize: 8,
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
        let loss = term(Observation(student: pyramids.0, teacher: pyramids.1, batch: batch))
        let difference = term.regressor(pyramids.0.stages[1]) - pyramids.1.stages[1]
        expectClose(loss, [(difference * difference).mean().item()], relative: 1e-4)
        loss.backward()
        #expect(term.trainableParameters.allSatisfy { $0.tensor.grad != nil })
        #expect(term.trainableParameters.count == 4)
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
                Contrast.Input(
                    student: student, teacher: teacher, positions: Tensor.arange(0..<4),
                    targets: Tensor(labels.map(Int64.init))))
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
        let request = NegativeSampler.Request(
            positions: Tensor(positions.map(Int64.init)),
            targets: Tensor(positions.map { Int64(labels[$0]) }), count: 40)
        var drawn: Set<[Int64]> = []
        for _ in 0..<10 {
            let rows = sampler(request).elements(as: Int64.self)
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
        let request = NegativeSampler.Request(
            positions: Tensor(positions), targets: Tensor(positions.map { _ in Int64(0) }),
            count: 30)
        var counts = Array(repeating: 0, count: 200)
        let steps = 200
        for _ in 0..<steps {
            let rows = sampler(request).elements(as: Int64.self)
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
        let sampler = try NegativeSampler(labels: [0, 1, 1], seed: 0)
        let places = sampler(
            NegativeSampler.Request(
                positions: Tensor([0] as [Int64]), targets: Tensor([0] as [Int64]), count: 9)
        ).elements(as: Int64.self)
        #expect(Set(places.dropFirst()) == [1, 2])
    }
}
